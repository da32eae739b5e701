"""Area under the ROC curve and average precision of every class.

If scores are rounded or binned, samples with equal scores have no known order. The areas then treat ties as
scikit-learn does, and their errors are bounds: the largest distance to the areas of *any* order of the ties.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.evaluation.ranking.scores import BINNED, EXACT, MISSING, ROUNDED, Scores

_AT_ONCE = 64  # Classes.
AREAS = ("roc_auc", "average_precision")
WHERE_FROM = {
    EXACT: "the probabilities of all classes",
    ROUNDED: "the log-odds of all classes, rounded to 16 bits",
    BINNED: "histograms of the log-odds of all classes",
    MISSING: "nothing: the predictions table has only the five most probable classes of each sample",
}


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The areas of every class (C,), with error bounds; NaN if all samples or none are of the class.

    ``kind`` is that of the `Scores`; without scores all areas are NaN.
    """

    kind: str
    roc_auc: DoubleArray
    average_precision: DoubleArray
    roc_auc_error: DoubleArray
    average_precision_error: DoubleArray


def in_words(ranking: Ranking) -> str:
    """What the areas are computed from and their error bounds, or why there are none."""
    if ranking.kind == MISSING:
        return (
            "ROC AUC and average precision need the probability of every class for each sample; this table "
            "has only the five most probable classes. Evaluate again to get them."
        )
    came_from = f"ROC AUC and average precision come from {WHERE_FROM[ranking.kind]}"
    errors = ranking.roc_auc_error, ranking.average_precision_error
    known = [each[~np.isnan(each)] for each in errors]
    if ranking.kind == EXACT or not len(known[0]):
        return f"{came_from}."
    auc, precision = (float(each.max()) for each in known)
    return f"{came_from}: their errors are at most {auc:.2g} and {precision:.2g} for any class."


@dataclass(frozen=True, slots=True, eq=False)
class _Positives:
    """The rank of samples (n,) by the score of their own class, class by class in rising order.

    ``place`` counts from 0 within the class; ``own_below`` samples of the class have a lower score. Of other
    classes, ``below`` samples have a lower score and ``equal`` samples the same.
    """

    class_idx: IntArray
    place: IntArray
    own_below: IntArray
    below: IntArray
    equal: IntArray


def ranking(scores: Scores) -> Ranking:
    """The areas of every class against the rest."""
    num_classes, num_samples = scores.num_classes, len(scores.label)
    if scores.kind == MISSING:
        unknown = np.full(num_classes, np.nan)
        return Ranking(scores.kind, unknown, unknown, unknown, unknown)
    own = np.bincount(scores.label, minlength=num_classes)
    sums = np.zeros((5, num_classes))
    for each in _positives(scores):
        sums += _summed(each, own, num_samples)
    # Divided last, so that a perfect ranking gives exactly 1.
    num_pairs, num_own = np.maximum(own * (num_samples - own), 1), np.maximum(own, 1)
    auc, auc_error = sums[:2] / num_pairs
    precision, lowest, highest = sums[2:] / num_own
    defined = np.where((own > 0) & (own < num_samples), 1.0, np.nan)
    precision_error = np.maximum(precision - lowest, highest - precision)
    if scores.kind == EXACT:
        auc_error, precision_error = np.zeros((2, num_classes))
    areas = (auc, precision, auc_error, precision_error)
    return Ranking(scores.kind, *(each * defined for each in areas))


def _summed(samples: _Positives, own: IntArray, num_samples: int) -> DoubleArray:
    """Sums over each class (5, C): pairs in order, ties, precisions, their lower and upper bounds."""
    positives = own[samples.class_idx]
    negatives = num_samples - positives
    above = negatives - samples.below  # Samples of other classes with the same score or a higher one.
    at_least, alone = positives - samples.own_below, positives - samples.place
    terms = (
        samples.below + samples.equal / 2,
        samples.equal / 2,
        at_least / (at_least + above),
        alone / (alone + above),
        at_least / (at_least + above - samples.equal),
    )
    return np.array([np.bincount(samples.class_idx, each, minlength=len(own)) for each in terms])


def _positives(scores: Scores) -> Iterator[_Positives]:
    """The ranks of some classes at a time."""
    for start in range(0, scores.num_classes, _AT_ONCE):
        some = slice(start, min(start + _AT_ONCE, scores.num_classes))
        if scores.histogram is not None:
            yield _counted(scores.histogram.counts[:, some], start)
        elif scores.values is not None:
            yield _sorted(np.ascontiguousarray(scores.values[:, some].T), scores.label, start)


def _counted(counts: NDArray[np.uint32], first: int) -> _Positives:
    """From counts (2, c, B) of the classes from ``first`` on."""
    others, own = counts.astype(np.int64)
    class_idx, bins = np.nonzero(own)
    below, own_below = ((each.cumsum(1) - each)[class_idx, bins] for each in (others, own))
    times = own[class_idx, bins]
    start = np.repeat(np.cumsum(times) - times, times)  # Index of the first sample of each bin.
    place = np.repeat(own_below, times) + np.arange(len(start)) - start
    repeated = [np.repeat(each, times) for each in (class_idx + first, own_below, below)]
    return _Positives(repeated[0], place, repeated[1], repeated[2], np.repeat(others[class_idx, bins], times))


def _sorted(values: NDArray[Any], label: NDArray[Any], first: int) -> _Positives:
    """From values (c, N) of the classes from ``first`` on."""
    keys = _keys(values)
    rows = np.flatnonzero((label >= first) & (label < first + len(values)))
    own_keys = keys[label[rows] - first, rows]
    order = np.lexsort((own_keys, label[rows]))
    own_keys, class_idx = own_keys[order], label[rows][order].astype(np.int64)
    starts = np.searchsorted(class_idx, np.arange(first, first + len(values) + 1))
    ranks = np.zeros((3, len(rows)), np.int64)
    for each, (start, end) in enumerate(pairwise(starts)):
        if start < end:
            own, every = own_keys[start:end], np.sort(keys[each], kind="stable")
            low, high = np.searchsorted(every, own), np.searchsorted(every, own, "right")
            own_low, own_high = np.searchsorted(own, own), np.searchsorted(own, own, "right")
            ranks[:, start:end] = own_low, low - own_low, high - low - (own_high - own_low)
    place = np.arange(len(rows)) - starts[class_idx - first]
    return _Positives(class_idx, place, *ranks)


def _keys(values: NDArray[Any]) -> NDArray[Any]:
    """Keys in the order of the values; for float16 integers, which sort ten times as fast."""
    if values.dtype != np.float16:
        return values
    bits = (values + np.float16(0)).view(np.uint16)  # Turns -0 into 0.
    return np.where(bits & 0x8000, ~bits, bits | 0x8000)
