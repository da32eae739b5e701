"""Metrics from a predictions table: accuracy, precision and recall, confusion matrix, calibration.

``table`` is a `pyarrow.Table` with the columns of a predictions table. Only the columns that are needed are
read, as whole arrays, so that a million rows are fast.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.evaluation.confusion import ConfusionMatrix, confusion_matrix

_NUM_BINS = 15
_TOP = 5


@dataclass(frozen=True, slots=True)
class Average:
    """Precision, recall and F1 averaged over classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, eq=False)
class PerClass:
    """Arrays (C,). Undefined values are NaN: recall without samples, precision without predictions.

    F1, 2 TP / (2 TP + FP + FN), is undefined without either, and 0 for a class that is never predicted right.
    """

    precision: DoubleArray
    recall: DoubleArray
    f1: DoubleArray
    support: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Metrics:
    """The metrics of a predictions table.

    ``balanced_accuracy`` is the mean recall of the classes with samples, ``majority_baseline`` the accuracy
    of always predicting the largest class, ``log_loss`` is in nats, ``ece`` the expected calibration error.
    ``macro`` averages over the classes that occur as a label or a prediction, ``weighted`` over samples;
    undefined precisions and recalls count as 0. With up to five classes ``top5_accuracy`` is 1; it is NaN if
    the table has fewer than five classes per sample.
    """

    num_samples: int
    num_mistakes: int
    accuracy: float
    balanced_accuracy: float
    majority_baseline: float
    top5_accuracy: float
    log_loss: float
    ece: float
    macro: Average
    weighted: Average
    per_class: PerClass
    confusion_matrix: ConfusionMatrix


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationBins:
    """The bins of a reliability diagram: ``edges`` (B + 1,), the rest (B,); means of an empty bin are NaN."""

    edges: DoubleArray
    count: IntArray
    confidence: DoubleArray
    accuracy: DoubleArray

    @property
    def centres(self) -> DoubleArray:
        """The middle of each bin (B,)."""
        return (self.edges[:-1] + self.edges[1:]) / 2


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceHistogram:
    """Counts of right and of wrong predictions (B,) with a probability between ``edges`` (B + 1,)."""

    edges: DoubleArray
    right: IntArray
    wrong: IntArray

    @property
    def centres(self) -> DoubleArray:
        """The middle of each bin (B,)."""
        return (self.edges[:-1] + self.edges[1:]) / 2


def column(table: pa.Table, name: str) -> NDArray[Any]:
    """A column (N,) of numbers; ValueError for a table without rows."""
    values: NDArray[Any] = _whole(table, name).to_numpy(zero_copy_only=False)
    return values


def lists(table: pa.Table, name: str) -> NDArray[Any]:
    """A column of lists as an array (N, k); ValueError if their lengths differ."""
    array = _whole(table, name)
    lengths = pc.min_max(pc.list_value_length(array)).as_py()
    if lengths["min"] != lengths["max"]:
        raise ValueError(
            f"lists of {name!r} have {lengths['min']} to {lengths['max']} values, expected as many in each"
        )
    values: NDArray[Any] = array.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(array), lengths["max"])


def is_right(table: pa.Table) -> NDArray[np.bool_]:
    """Whether the prediction is the label (N,)."""
    right: NDArray[np.bool_] = column(table, "label") == column(table, "predicted")
    return right


def metrics(table: pa.Table, num_classes: int) -> Metrics:
    """All metrics of a table with classes 0 to ``num_classes`` - 1."""
    label, predicted = column(table, "label"), column(table, "predicted")
    matrix = confusion_matrix(label, predicted, num_classes)
    per_class = _per_class(matrix)
    has_samples = per_class.support > 0
    num_right = int(matrix.diagonal.sum())
    return Metrics(
        num_samples=len(label),
        num_mistakes=len(label) - num_right,
        accuracy=num_right / len(label),
        balanced_accuracy=float(per_class.recall[has_samples].mean()),
        majority_baseline=float(per_class.support.max() / len(label)),
        top5_accuracy=_top5_accuracy(lists(table, "top5"), label, num_classes),
        log_loss=float(column(table, "loss").mean(dtype=np.float64)),
        ece=expected_calibration_error(calibration_bins(table)),
        macro=_average(per_class, has_samples | (matrix.of_prediction > 0)),
        weighted=_average(per_class, per_class.support),
        per_class=per_class,
        confusion_matrix=matrix,
    )


def _top5_accuracy(top: NDArray[Any], label: NDArray[Any], num_classes: int) -> float:
    if top.shape[1] < min(_TOP, num_classes):
        return math.nan
    return float((top == label[:, None]).any(1).mean())


def calibration_bins(table: pa.Table, num_bins: int = _NUM_BINS) -> CalibrationBins:
    """Samples by the probability of their prediction, in equal bins [a, b); the last includes 1."""
    confidence, right = column(table, "p_predicted").astype(np.float64), is_right(table).astype(np.float64)
    count, edges = np.histogram(confidence, num_bins, (0, 1))
    sums = [np.histogram(confidence, num_bins, (0, 1), weights=each)[0] for each in (confidence, right)]
    mean_confidence, accuracy = np.array(sums) / np.where(count, count, np.nan)
    return CalibrationBins(edges, count, mean_confidence, accuracy)


def expected_calibration_error(bins: CalibrationBins) -> float:
    """Mean distance of confidence and accuracy over the bins (Guo 2017, arXiv:1706.04599, eq. 3)."""
    return float(np.nansum(bins.count * np.abs(bins.accuracy - bins.confidence)) / bins.count.sum())


def error_by_chance(table: pa.Table, num_bins: int = _NUM_BINS) -> float:
    """The expected calibration error that a perfectly calibrated model shows by chance on these samples.

    In each bin the number of right samples then differs from its mean by sqrt(2 / pi) standard deviations.
    """
    confidence = column(table, "p_predicted").astype(np.float64)
    variance = np.histogram(confidence, num_bins, (0, 1), weights=confidence * (1 - confidence))[0]
    return float(np.sqrt(2 / np.pi * variance.clip(min=0)).sum() / len(confidence))


def confidence_histogram(table: pa.Table, num_bins: int = 20) -> ConfidenceHistogram:
    """The confidence of right and of wrong predictions."""
    confidence, right = column(table, "p_predicted").astype(np.float64), is_right(table)
    count_right, edges = np.histogram(confidence[right], num_bins, (0, 1))
    count_wrong, _ = np.histogram(confidence[~right], num_bins, (0, 1))
    return ConfidenceHistogram(edges, count_right, count_wrong)


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names, with the index after those that occur more than once."""
    times = Counter(names)
    return [name if times[name] == 1 else f"{name} ({index})" for index, name in enumerate(names)]


def _whole(table: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    if not table.num_rows:
        raise ValueError("the predictions table has no rows, expected at least one")
    return table[name].combine_chunks()


def _per_class(matrix: ConfusionMatrix) -> PerClass:
    right, support, called = matrix.diagonal, matrix.of_label, matrix.of_prediction
    return PerClass(
        precision=_share(right, called),
        recall=_share(right, support),
        f1=_share(2 * right, called + support),
        support=support,
    )


def _share(part: IntArray, whole: IntArray) -> DoubleArray:
    """Part divided by whole; NaN for a whole of 0."""
    return np.asarray(part / np.where(whole > 0, whole, np.nan), np.float64)


def _average(per_class: PerClass, weights: NDArray[Any]) -> Average:
    """Weighted means; undefined values count as 0, as with scikit-learn's ``zero_division=0``."""
    each = (per_class.precision, per_class.recall, per_class.f1)
    precision, recall, f1 = (float(np.average(np.nan_to_num(values), weights=weights)) for values in each)
    return Average(precision, recall, f1)
