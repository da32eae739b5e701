"""The report on a data set before training: counts, sizes, broken files, copies, and hints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.data.image_set import ImageSet, Labels, LeftOut
from core.data.sources.folder.listing import NOT_OPENED
from core.data.survey.copies import content_numbers, near_pairs
from core.data.survey.image_facts import SurveyTable

SPLITS = ("train", "val", "test")
_NAMES = dict(zip(SPLITS, ("training", "validation", "test"), strict=True))
_IMBALANCED = 3.0  # Largest / smallest class: from here on, accuracy hides the recall of the small one.
_KEPT = 1_000  # Near copies within a split that are listed on a page.
_LISTED = 3  # Empty folders that a hint names.


@dataclass(frozen=True, slots=True)
class Copies:
    """Samples with the same or nearly the same content, and their splits."""

    sample_ids: tuple[str, ...]
    splits: tuple[str, ...]
    crosses_splits: bool
    labels_differ: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """(Smallest, median, largest) width and height in pixels, and the number of different sizes."""

    widths: tuple[int, int, int]
    heights: tuple[int, int, int]
    num_distinct: int


@dataclass(frozen=True, slots=True, eq=False)
class DataReport:
    """The report on a data set. Broken samples, and samples of no split, count only in ``broken``.

    ``counts`` (C, 3) are images of each class in each of `SPLITS`. ``imbalance`` is the largest class over
    the smallest non-empty one, ``majority_share`` the majority-class baseline in [0, 1]. ``broken`` are pairs
    of sample and reason. ``near`` are near copies across splits. ``near_within`` are those inside one split,
    taking only the first of exact copies: those with different labels first, at most 1,000 of the
    ``num_near_within``. Unless ``near_complete``, there may be more.
    ``left_out`` counts files that are not images of the set, ``num_groups`` the groups that stay whole in a
    split (0: no groups). ``hints`` are sentences about problems.
    """

    name: str
    fingerprint: str
    class_names: tuple[str, ...]
    counts: Labels
    imbalance: float
    majority_share: float
    sizes: Sizes
    modes: dict[str, int]
    broken: tuple[tuple[str, str], ...]
    exact: tuple[Copies, ...]
    near: tuple[Copies, ...]
    near_within: tuple[Copies, ...]
    num_near_within: int
    near_complete: bool
    left_out: tuple[LeftOut, ...] = ()
    empty: tuple[str, ...] = ()
    num_groups: int = 0
    hints: tuple[str, ...] = ()

    @property
    def is_imbalanced(self) -> bool:
        """Whether accuracy hides the recall of the smallest class."""
        return self.imbalance >= _IMBALANCED

    @property
    def images_by_split(self) -> tuple[int, ...]:
        """How many images each of `SPLITS` has."""
        return tuple(self.counts.sum(axis=0).tolist())


def report(images: ImageSet, survey: SurveyTable, *, train: Labels, val: Labels, test: Labels) -> DataReport:
    """The report on N images; ``train``, ``val`` and ``test`` are disjoint indices of them."""
    split_of = _split_of(survey, (train, val, test))
    used = np.flatnonzero(split_of >= 0)
    counts = np.zeros((len(images.class_names), len(SPLITS)), np.int64)
    np.add.at(counts, (images.labels[used], split_of[used]), 1)
    totals = np.sort(counts.sum(axis=1))
    filled = totals[totals > 0]
    modes, num_of_mode = np.unique(survey.modes[used], return_counts=True)
    numbers = content_numbers(survey.digests[used])
    near, within, complete = _near(images, survey, split_of, used, numbers)
    without_hints = DataReport(
        name=images.name,
        fingerprint=images.fingerprint,
        class_names=images.class_names,
        counts=counts,
        imbalance=float(filled[-1] / filled[0]) if len(filled) else 1.0,
        majority_share=float(totals[-1] / max(1, len(used))),
        sizes=_sizes(survey.widths[used], survey.heights[used]),
        modes=dict(sorted(zip(modes.tolist(), num_of_mode.tolist(), strict=True), key=lambda pair: -pair[1])),
        broken=tuple((images.sample_ids[index], reason) for index, reason in sorted(survey.errors.items())),
        exact=tuple(
            _copies(images, split_of, group)
            for group in sorted(_groups(used, numbers), key=lambda group: int(group[0]))
        ),
        near=near,
        near_within=tuple(_copies(images, split_of, pair) for pair in within[:, :_KEPT].T),
        num_near_within=within.shape[1],
        near_complete=complete,
        left_out=images.left_out or (),
        empty=images.empty,
        num_groups=0 if images.groups is None else len(np.unique(images.groups)),
    )
    return replace(without_hints, hints=tuple(_hints(without_hints)))


def _split_of(survey: SurveyTable, splits: Sequence[Labels]) -> NDArray[np.int8]:
    """The number of each sample's split (N,); -1 for samples of no split and broken ones."""
    split_of = np.full(len(survey), -1, np.int8)
    for number, indices in enumerate(splits):
        if (split_of[indices] >= 0).any():
            raise ValueError(f"samples of {SPLITS[number]!r} are in another split too")
        split_of[indices] = number
    split_of[~survey.ok] = -1
    return split_of


def _sizes(widths: NDArray[np.int32], heights: NDArray[np.int32]) -> Sizes:
    if not len(widths):
        return Sizes((0, 0, 0), (0, 0, 0), 0)
    num_distinct = len(np.unique(widths.astype(np.int64) << 32 | heights))
    return Sizes(_three(widths), _three(heights), num_distinct)


def _three(lengths: NDArray[np.int32]) -> tuple[int, int, int]:
    low, middle, high = np.quantile(lengths, (0, 0.5, 1), method="lower").tolist()
    return low, middle, high


def _groups(used: Labels, numbers: Labels) -> Iterator[Labels]:
    """The indices of samples with the same content, for each content number (M,) that occurs repeatedly."""
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    ends = np.cumsum(counts)
    for which in np.flatnonzero(counts > 1):
        yield used[order[ends[which] - counts[which] : ends[which]]]


def _copies(images: ImageSet, split_of: NDArray[np.int8], indices: Labels) -> Copies:
    splits = tuple(SPLITS[split] for split in split_of[indices])
    labels_differ = len(np.unique(images.labels[indices])) > 1
    sample_ids = tuple(images.sample_ids[index] for index in indices)
    return Copies(sample_ids, splits, crosses_splits=len(set(splits)) > 1, labels_differ=labels_differ)


def _near(
    images: ImageSet, survey: SurveyTable, split_of: NDArray[np.int8], used: Labels, numbers: Labels
) -> tuple[tuple[Copies, ...], Labels, bool]:
    """Near pairs across splits, those within a split (2, M), different labels first, and if these are all."""
    _, firsts = np.unique(numbers * len(SPLITS) + split_of[used], return_index=True)
    firsts.sort()
    pairs = near_pairs(survey.looks[used[firsts]])
    differ = numbers[firsts[pairs.left]] != numbers[firsts[pairs.right]]
    both = used[firsts[np.stack([pairs.left, pairs.right])[:, differ]]]
    crosses = split_of[both[0]] != split_of[both[1]]
    near = tuple(_copies(images, split_of, pair) for pair in both[:, crosses].T)
    within = both[:, ~crosses]
    are_same = images.labels[within[0]] == images.labels[within[1]]
    return near, within[:, np.argsort(are_same, kind="stable")], pairs.complete


def _hints(report: DataReport) -> Iterator[str]:
    if report.broken:
        yield f"{several(len(report.broken), 'broken file is', 'broken files are')} skipped"
    yield from _hints_on_files(report)
    yield from _hints_on_classes(report)
    for some, other in combinations(SPLITS, 2):
        yield from _hints_on_leaks(report, some, other)
    conflicting = sum(len(each.sample_ids) for each in report.exact if each.labels_differ)
    if conflicting:
        yield f"{conflicting} images have the same content but different labels: some of the labels are wrong"
    conflicting = sum(each.labels_differ for each in (*report.near, *report.near_within))
    if conflicting:
        pairs = several(conflicting, "pair of images looks", "pairs of images look")
        yield f"{pairs} almost the same, with different labels: check them"


def left_out_in_words(left_out: Sequence[LeftOut]) -> str | None:
    """A sentence about images that are left out; None if there are none. Other files are not mentioned."""
    pictures = [
        str(each) for each in left_out if each.reason.startswith("images") or each.reason.endswith(NOT_OPENED)
    ]
    return f"left out: {'; '.join(pictures)}" if pictures else None


def _hints_on_files(report: DataReport) -> Iterator[str]:
    if (pictures := left_out_in_words(report.left_out)) is not None:
        yield pictures
    if report.empty:
        yield f"class folders without images are ignored: {', '.join(map(repr, report.empty[:_LISTED]))}"


def _hints_on_classes(report: DataReport) -> Iterator[str]:
    totals = report.counts.sum(axis=1)
    if len(totals) == 1:
        yield f"there is only one class, {report.class_names[0]!r}: enough to evaluate, not to train"
    if report.is_imbalanced:
        small = int(np.where(totals > 0, totals, totals.max() + 1).argmin())
        large = int(totals.argmax())
        few = f"class {report.class_names[small]!r} has {several(totals[small], 'image', 'images')}"
        many = f"{report.class_names[large]!r} {totals[large]:,}"
        yield f"{few}, {many}: look at balanced accuracy, not only at accuracy"
    for split, counts in zip(SPLITS, report.counts.T, strict=True):
        empty = np.flatnonzero(counts == 0)
        if len(empty) and (counts.any() or split == "train"):
            first = f"no {_NAMES[split]} image of class {report.class_names[empty[0]]!r}"
            rest = f" and {several(len(empty) - 1, 'other', 'others')}" if len(empty) > 1 else ""
            yield f"there is {first}{rest}"


def _hints_on_leaks(report: DataReport, some: str, other: str) -> Iterator[str]:
    too_good = f"the {_NAMES[other]} accuracy is too good"
    shared = sum({some, other} <= set(each.splits) for each in report.exact)
    if shared:
        verb = several(shared, "image is", "images are")
        yield f"{verb} in both {_NAMES[some]} and {_NAMES[other]}: {too_good}"
    pairs = [each for each in report.near if {some, other} == set(each.splits)]
    similar = len({each.sample_ids[each.splits.index(other)] for each in pairs})
    if similar:
        looks = several(similar, f"{_NAMES[other]} image looks", f"{_NAMES[other]} images look")
        yield f"{looks} almost like an image in {_NAMES[some]}: {too_good}"


def several(number: int, one: str, many: str) -> str:
    """``1 image`` or ``2,000 images``."""
    return f"{number:,} {one if number == 1 else many}"
