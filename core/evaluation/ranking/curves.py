"""One class against the rest: ROC and precision-recall curves, from the scores of all classes.

From a histogram, the points are at the edges of its bins; each is a point of the exact curve.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray
from core.evaluation.ranking.scores import ROUNDED, Scores, probability_of

_MOST_POINTS = 500


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """From (0, 0) at threshold infinity to (1, 1); a probability at or above the threshold is positive."""

    false_positive_rate: DoubleArray
    true_positive_rate: DoubleArray
    thresholds: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecallCurve:
    """From recall 1 at the lowest threshold to recall 0, precision 1 at infinity."""

    precision: DoubleArray
    recall: DoubleArray
    thresholds: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Samples of the class (n,) and of others at or above each threshold, the highest threshold first."""

    hits: NDArray[np.int64]
    false_alarms: NDArray[np.int64]
    thresholds: DoubleArray


def roc_curve(scores: Scores, class_idx: int) -> RocCurve:
    """At most 500 points for one class; ValueError without scores, or if all samples or none are of it."""
    counts = _counts(scores, class_idx)
    rates = (counts.false_alarms / counts.false_alarms[-1], counts.hits / counts.hits[-1], counts.thresholds)
    return RocCurve(*_thinned(np.array(rates)))


def precision_recall_curve(scores: Scores, class_idx: int) -> PrecisionRecallCurve:
    """At most 500 points for one class; ValueError as `roc_curve`."""
    counts = _counts(scores, class_idx)
    called = counts.hits + counts.false_alarms
    precision = np.where(called, counts.hits / np.maximum(called, 1), 1.0)
    # Thresholds below the first with recall 1 add nothing.
    end = int(np.argmax(counts.hits == counts.hits[-1])) + 1
    rates = np.array([precision, counts.hits / counts.hits[-1], counts.thresholds])[:, :end]
    return PrecisionRecallCurve(*_thinned(rates[:, ::-1]))


def _counts(scores: Scores, class_idx: int) -> _Counts:
    positive = scores.label == class_idx
    if positive.all() or not positive.any():
        raise ValueError(
            f"{positive.sum()} of {len(positive)} samples are of class {class_idx}, expected some"
        )
    if scores.histogram is not None:
        others, own = scores.histogram.counts[:, class_idx, ::-1].astype(np.int64).cumsum(1)
        # At a bin's lower edge all its samples are positive; the lowest bin has no lower edge.
        edges = np.append(scores.histogram.edges[::-1], -np.inf)
        return _stepped(own, others, probability_of(edges))
    if scores.values is None:
        raise ValueError("the scores of all classes are missing")
    values = scores.values[:, class_idx]
    order = np.argsort(values.astype(np.float32), kind="stable")[::-1]
    last = np.append(values[order][1:] != values[order][:-1], True)  # Ties form one step.
    thresholds = values[order][last].astype(np.float64)
    hits, every = np.cumsum(positive[order])[last], np.flatnonzero(last) + 1
    return _stepped(hits, every - hits, probability_of(thresholds) if scores.kind == ROUNDED else thresholds)


def _stepped(hits: NDArray[Any], false_alarms: NDArray[Any], thresholds: DoubleArray) -> _Counts:
    """Counts from threshold infinity on, without thresholds that change nothing."""
    moves = np.append(True, (np.diff(hits) > 0) | (np.diff(false_alarms) > 0))
    moves &= (hits > 0) | (false_alarms > 0)
    return _Counts(
        np.append(0, hits[moves]), np.append(0, false_alarms[moves]), np.append(np.inf, thresholds[moves])
    )


def _thinned(curve: DoubleArray) -> DoubleArray:
    """Points (3, n) at even steps along the curve in the first two rows, including both ends."""
    if curve.shape[1] <= _MOST_POINTS:
        return curve
    length = np.append(0, np.cumsum(np.abs(np.diff(curve[:2])).sum(0)))
    steps = np.searchsorted(length, np.linspace(0, length[-1], _MOST_POINTS - 1))
    return curve[:, np.unique(np.append(steps, curve.shape[1] - 1))]
