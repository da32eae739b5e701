"""The table of an experiment as files and as lines for a reader."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import files
from core.evaluation.comparing.over_seeds import Interval
from core.shares import percent
from core.training.baselines import floor as baselines
from core.training.baselines.floor import Floor
from core.training.experiments.plan import Plan
from core.training.experiments.rows import SeedsComparison, VariantRow
from core.training.experiments.workplace import DETAILS, TABLE
from core.training.runs.overview import duration
from core.training.settings import recipe as recipes
from core.training.settings.dotted import flat

_MEASURES = ("accuracy", "balanced_accuracy", "macro_f1", "lowest_recall", "log_loss")
_IN_WORDS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1"}


@dataclass(frozen=True, slots=True)
class ExperimentTable:
    """The rows of a plan, the baselines without a network (None if unknown), and facts about the data."""

    plan: Plan
    rows: tuple[VariantRow, ...]
    floor: Floor | None
    data: dict[str, object]


def write(place: Path, table: ExperimentTable) -> None:
    """Write ``table.json`` and then ``table.csv``, each whole or not at all."""
    plan = table.plan
    content = {
        "title": plan.experiment.title,
        "measure": plan.experiment.measure,
        "seeds": list(plan.seeds),
        "data": table.data,
        "rows": [_details(row) for row in table.rows],
        "floor": table.floor and asdict(table.floor),
    }
    text = json.dumps(_finite(content), indent=1, ensure_ascii=False)
    files.write(place / DETAILS, f"{text}\n".encode())
    files.write(place / TABLE, as_frame(table.rows).to_csv(index=False).encode())


def as_frame(rows: Sequence[VariantRow]) -> pd.DataFrame:
    """A row for each variant; shares from 0 to 1, times in seconds, empty where unknown.

    ``mean``, ``low`` and ``high`` are of the experiment's measure on the test set, and so is ``p_vs_base``:
    for accuracy of McNemar's test over all seeds, else of the swap test, beside which
    ``p_vs_base_accuracy`` is McNemar's.
    """
    return pd.DataFrame([_columns(row) for row in rows])


def lines(table: ExperimentTable) -> Iterator[str]:
    """The table for a reader, and below it how it was made, what a book says, and what needs no network."""
    plan, rows = table.plan, table.rows
    yield plan.experiment.title
    yield f"{_IN_WORDS[plan.experiment.measure]} on the test set, in percent, with 95% intervals"
    width = max(len(row.variant.name) for row in rows)
    yield f"{'':{width}}  {'mean':24}  {'against ' + rows[0].variant.name:26}  p        parameters  time"
    for row in rows:
        yield f"{row.variant.name:{width}}  {_in_words(row)}"
    yield from _notes(rows, plan.experiment.measure)
    if plan.experiment.measure != "accuracy":
        recalls = (f"{row.variant.name} {percent(row.test['lowest_recall'])}" for row in rows if row.test)
        yield f"recall of the worst class: {', '.join(recalls)}"
    if plan.experiment.sweep is not None:
        yield from _best_validated(rows)
    if table.floor is not None:
        yield from baselines.lines(table.floor)


def _in_words(row: VariantRow) -> str:
    score, against = row.score, row.against_base
    if score is None:
        return "not finished"
    change = "" if against is None else _with_interval(against.difference, "+")
    p_value = "" if against is None else f"{against.p_value:.2g}"
    return (
        f"{_with_interval(score):24}  {change:26}  {p_value:7}  {row.parameters:>10,}  "
        f"{duration(row.seconds or 0)}"
    )


def _with_interval(interval: Interval, sign: str = "") -> str:
    """``97.50 (96.11 to 98.89)``, in percent."""
    mean, low, high = (f"{100 * each:{sign}.2f}" for each in (interval.mean, interval.low, interval.high))
    return f"{mean} ({low} to {high})"


def _best_validated(rows: Sequence[VariantRow]) -> Iterator[str]:
    """The variant to choose: the best on validation images, as the test images must not decide."""
    known = [row for row in rows if row.validation is not None]
    if known:
        best = max(known, key=lambda row: row.validation or 0.0)
        yield f"best on the validation images: {best.variant.name}, {percent(best.validation or 0.0)}"


def _notes(rows: Sequence[VariantRow], measure: str) -> Iterator[str]:
    methods = {row.score.method for row in rows if row.score}
    base = rows[0].variant.name
    test = "McNemar's" if measure == "accuracy" else "paired permutation"
    yield (
        f"interval: {', '.join(sorted(methods))}; "
        f"p: {test} test on {_IN_WORDS[measure]} against {base!r}, all seeds"
    )
    if measure != "accuracy":
        tests = {row.variant.name: row.against_base for row in rows if row.against_base}
        on_accuracy = ", ".join(f"{name} {test.pooled.p_value:.2g}" for name, test in tests.items())
        yield f"p of McNemar's test on accuracy: {on_accuracy}"
    same = [row.variant.name for row in rows if row.score and row.score.low == row.score.high]
    if same:
        yield (
            f"every seed gives the same for {', '.join(same)}: an interval over seeds has no width there and "
            "says nothing about other test images"
        )
    for row in rows:
        name, against = row.variant.name, row.against_parent
        if against is not None:
            change = _with_interval(against.difference, "+")
            yield f"{name} against {row.variant.builds_on}: {change}, p {against.p_value:.2g}"
        if row.variant.because:
            yield f"{name}: {row.variant.because}"
        if book := row.variant.book:
            yield f"{name}: {book.source} has {percent(book.value)}; {book.because}"


def _columns(row: VariantRow) -> dict[str, object]:
    score, base, parent, book = row.score, row.against_base, row.against_parent, row.variant.book
    return {
        "variant": row.variant.name,
        "mean": score and score.mean,
        "low": score and score.low,
        "high": score and score.high,
        "p_vs_base": base and base.p_value,
        "p_vs_base_accuracy": base and base.pooled.p_value,
        "difference": base and base.difference.mean,
        "difference_low": base and base.difference.low,
        "difference_high": base and base.difference.high,
        "builds_on": row.variant.builds_on,
        "p_vs_parent": parent and parent.p_value,
        "validation": row.validation,
        **{name: row.test.get(name) for name in _MEASURES},
        "parameters": row.parameters,
        "seconds": row.seconds,
        "seeds": len(row.by_seed),
        "interval": score and score.method,
        "book": book and book.value,
        "book_source": book and book.source,
    }


def _details(row: VariantRow) -> dict[str, object]:
    """The columns, and what a table cannot hold: numbers and tests by seed, settings, reasons."""
    variant = row.variant
    settings = flat(recipes.as_settings(variant.recipe))
    return _columns(row) | {
        "differs": {key: settings[key] for key in variant.differs},
        "because": variant.because,
        "book_because": variant.book and variant.book.because,
        "by_seed": row.by_seed,
        "against_base": _tests(row.against_base),
        "against_parent": _tests(row.against_parent),
    }


def _tests(comparison: SeedsComparison | None) -> dict[str, object] | None:
    return None if comparison is None else asdict(comparison)


def _finite(value: Any) -> Any:  # noqa: ANN401 (JSON values)
    """The same values with null for those that JSON lacks."""
    if isinstance(value, dict):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
