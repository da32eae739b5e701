"""One class against the rest: ROC and precision-recall curves, and the areas under them.

A predictions table knows the probability of a class for a sample only if the class is the label or among the
five most probable. With up to five classes that is always so. Beyond, it lies between 0 and the fifth, and is
taken as 0. That lowers samples of *other* classes only, never one of the class itself: curves and areas can
only come out too good, never too bad. Points at thresholds above 1/6 are exact, as no sixth probability is
larger; a ROC ends in a straight line to (1, 1), where all samples of unknown probability come at once.
``roc_auc`` and ``average_precision`` in metrics.json are these areas: exact with up to five classes, upper
bounds with more.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.evaluation.metrics import FloatArray, column, lists

_MOST_POINTS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """How well the probability of a class finds its samples (C,); NaN where all are of it, or none."""

    roc_auc: FloatArray
    average_precision: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """From (0, 0) at the threshold infinity to (1, 1): positive is a probability of the threshold or more."""

    false_positive_rate: FloatArray
    true_positive_rate: FloatArray
    thresholds: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecallCurve:
    """From recall 1 at the lowest threshold to recall 0, precision 1 at infinity."""

    precision: FloatArray
    recall: FloatArray
    thresholds: FloatArray


def ranking(table: pa.Table, num_classes: int) -> Ranking:
    """Area under the ROC and average precision of every class."""
    classes, positive, scores = _known(table)
    order = np.argsort(classes.astype(np.min_scalar_type(num_classes)), kind="stable")
    ends = np.cumsum(np.bincount(classes, minlength=num_classes))
    found = [
        _areas(positive[rows], scores[rows], num_unknown=table.num_rows - len(rows))
        for rows in np.split(order, ends[:-1])
    ]
    return Ranking(*np.array(found).T)


def roc_curve(table: pa.Table, class_idx: int) -> RocCurve:
    """Of one class, in at most 500 points; ValueError if all samples are of that class, or none."""
    from sklearn import metrics  # noqa: PLC0415 (a second, only where it is needed)

    rates = metrics.roc_curve(_positive(table, class_idx), class_scores(table, class_idx))
    return RocCurve(*_thinned(np.array(rates, np.float64)))


def precision_recall_curve(table: pa.Table, class_idx: int) -> PrecisionRecallCurve:
    """Of one class, in at most 500 points; ValueError if all samples are of that class, or none."""
    from sklearn import metrics  # noqa: PLC0415 (a second, only where it is needed)

    precision, recall, thresholds = metrics.precision_recall_curve(
        _positive(table, class_idx), class_scores(table, class_idx), drop_intermediate=True
    )
    rates = np.array([precision, recall, np.append(thresholds, np.inf)], np.float64)
    return PrecisionRecallCurve(*_thinned(rates))


def class_scores(table: pa.Table, class_idx: int) -> NDArray[np.float32]:
    """The probability of a class for every sample (N,), 0 where the table does not know it."""
    found = lists(table, "top5") == class_idx
    scores = np.where(found, lists(table, "top5_probability"), np.float32(0)).sum(1)
    return np.where(column(table, "label") == class_idx, column(table, "p_label"), scores)


def _positive(table: pa.Table, class_idx: int) -> NDArray[np.bool_]:
    positive: NDArray[np.bool_] = column(table, "label") == class_idx
    if positive.all() or not positive.any():
        raise ValueError(
            f"{positive.sum()} of {len(positive)} samples are of class {class_idx}, expected some"
        )
    return positive


def _areas(positive: NDArray[np.bool_], scores: NDArray[Any], *, num_unknown: int) -> tuple[float, float]:
    """Area under the ROC and average precision, where ``num_unknown`` further negatives have score 0.

    The same numbers as scikit-learn's, which takes 7 ms a class: 7 s for a thousand classes.
    """
    order = np.argsort(-scores)
    descending = np.append(scores[order], 0)  # The last stands for all that are unknown.
    last = np.append(descending[1:] != descending[:-1], True)  # Equal scores come at once.
    hits = np.append(np.cumsum(positive[order]), positive.sum())[last].astype(np.float64)
    false_alarms = np.append(np.arange(1, len(scores) + 1), len(scores) + num_unknown)[last] - hits
    if not hits[-1] or not false_alarms[-1]:
        return np.nan, np.nan
    roc_auc = np.trapezoid(np.append(0, hits), np.append(0, false_alarms)) / hits[-1] / false_alarms[-1]
    average_precision = (np.diff(hits, prepend=0) * hits / (hits + false_alarms)).sum() / hits[-1]
    return float(roc_auc), float(average_precision)


def _known(table: pa.Table) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]]:
    """Every pair of a sample and a class with a known probability: class, is it the label, probability."""
    label, top = column(table, "label"), lists(table, "top5")
    positive = top == label[:, None]
    beyond = ~positive.any(1)
    return (
        np.concatenate([top.ravel(), label[beyond]]),
        np.concatenate([positive.ravel(), np.ones(beyond.sum(), bool)]),
        np.concatenate([lists(table, "top5_probability").ravel(), column(table, "p_label")[beyond]]),
    )


def _thinned(curve: FloatArray) -> FloatArray:
    """Points (3, n) at even steps along the curve of the first two rows, with both ends."""
    if curve.shape[1] <= _MOST_POINTS:
        return curve
    length = np.append(0, np.cumsum(np.abs(np.diff(curve[:2])).sum(0)))
    steps = np.searchsorted(length, np.linspace(0, length[-1], _MOST_POINTS - 1))
    return curve[:, np.unique(np.append(steps, curve.shape[1] - 1))]
