"""The report on a data set as lines for a terminal."""

from collections.abc import Iterator, Sequence

import numpy as np

from core.data.survey.report import SPLITS, Copies, DataReport, several
from core.shares import percent

_LISTED = 3  # Files of each kind.
_ENDS = 5  # Largest and smallest classes.


def lines(report: DataReport) -> list[str]:
    """The report for a terminal: at most about 40 lines; of many classes, only the largest and smallest."""
    sizes = report.sizes
    spans = (f"{low} to {high} (median {middle})" for low, middle, high in (sizes.widths, sizes.heights))
    num_images = several(int(report.counts.sum()), "image", "images")
    share = f"majority-class baseline {percent(report.majority_share)}"
    return [
        f"{report.name}: {num_images}, fingerprint {report.fingerprint}",
        *_class_lines(report),
        f"classes   largest / smallest {report.imbalance:.1f}; {share}",
        "pixels    width {}, height {}, ".format(*spans) + several(sizes.num_distinct, "size", "sizes"),
        "modes     " + ", ".join(f"{mode} {number:,}" for mode, number in report.modes.items()),
        *_listed("broken", len(report.broken), [f"{name}: {reason}" for name, reason in report.broken]),
        *_listed("copies", len(report.exact), [_as_text(each) for each in report.exact[:_LISTED]]),
        *_listed("similar", len(report.near), [_as_text(each) for each in report.near[:_LISTED]]),
        f"          and {report.num_near_within:,} similar pairs within a split"
        + ("" if report.near_complete else "; there may be more, as not all pairs were compared"),
        *(f"          {_as_text(each)}"[:110] for each in report.near_within[:_LISTED] if each.labels_differ),
        *([f"groups    {report.num_groups:,}, each kept whole in one split"] if report.num_groups else []),
        *_left_out_lines(report),
        *(f"! {hint}" for hint in report.hints),
    ]


def _left_out_lines(report: DataReport) -> Iterator[str]:
    total = sum(each.num_files for each in report.left_out)
    yield f"left out  {several(total, 'file', 'files')}{':' if total else ''}"
    for each in report.left_out:
        example = f", such as {each.examples[0]}" if each.examples else ""
        yield f"          {each}{example}"


def _class_lines(report: DataReport) -> Iterator[str]:
    totals = report.counts.sum(axis=1)
    order = np.argsort(-totals, kind="stable").tolist()
    num_left_out = len(order) - 2 * _ENDS
    shown = order if num_left_out <= 1 else [*order[:_ENDS], *order[-_ENDS:]]
    width = max(9, *(min(30, len(report.class_names[index])) for index in shown))
    yield f"{'':{width}} " + "".join(f"{title:>10}" for title in (*SPLITS, "all"))
    for place, index in enumerate(shown):
        if num_left_out > 1 and place == _ENDS:
            yield f"... {num_left_out:,} more classes"
        yield _row(report.class_names[index][:30], [*report.counts[index], totals[index]], width)
    yield _row("all", [*report.counts.sum(axis=0), totals.sum()], width)


def _row(title: str, numbers: Sequence[int], width: int) -> str:
    return f"{title:{width}} " + "".join(f"{number:>10,}" for number in numbers)


def _listed(title: str, number: int, items: Sequence[str]) -> Iterator[str]:
    more = "" if number <= _LISTED else f", the first {_LISTED}"
    yield f"{title:10}{number:,}{more}{':' if number else ''}"
    yield from (f"          {item if len(item) <= 100 else item[:99] + '…'}" for item in items[:_LISTED])


def _as_text(copies: Copies) -> str:
    samples = (f"{name} ({split})" for name, split in zip(copies.sample_ids, copies.splits, strict=True))
    return ", ".join(samples) + ("; labels differ" if copies.labels_differ else "")
