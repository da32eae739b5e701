"""The confusion matrix, stored as its non-zero cells: at most one per sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import IntArray


@dataclass(frozen=True, slots=True)
class Confusion:
    """``count`` samples of class ``label`` were predicted as class ``predicted``."""

    label: int
    predicted: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """Counts of samples by true and predicted class, or changes of counts, for C = ``num_classes`` classes.

    ``label``, ``predicted`` and ``count`` (n,) list the non-zero cells, row by row.
    """

    label: IntArray
    predicted: IntArray
    count: IntArray
    num_classes: int

    @property
    def of_label(self) -> IntArray:
        """The sum of each row (C,): the number of samples of each class."""
        return self._sums(self.label, self.count)

    @property
    def of_prediction(self) -> IntArray:
        """The sum of each column (C,): the number of predictions of each class."""
        return self._sums(self.predicted, self.count)

    @property
    def diagonal(self) -> IntArray:
        """The number of right samples of each class (C,)."""
        right = self.label == self.predicted
        return self._sums(self.label[right], self.count[right])

    @property
    def mistakes(self) -> "ConfusionMatrix":
        """The matrix without its diagonal."""
        return self._some(self.label != self.predicted)

    def part(self, class_idx: Sequence[int] | IntArray) -> IntArray:
        """The cells (n, n) of n different classes, in the order given."""
        place = np.full(self.num_classes, -1)
        place[class_idx] = np.arange(len(class_idx))
        rows, columns = place[self.label], place[self.predicted]
        inside = (rows >= 0) & (columns >= 0)
        cells = np.zeros((len(class_idx), len(class_idx)), np.int64)
        cells[rows[inside], columns[inside]] = self.count[inside]
        return cells

    def whole(self) -> IntArray:
        """All cells (C, C), dense; for few classes."""
        return self.part(np.arange(self.num_classes))

    def cell(self, label: int, predicted: int) -> int:
        """One cell."""
        return int(self.count[(self.label == label) & (self.predicted == predicted)].sum())

    def minus(self, other: "ConfusionMatrix") -> "ConfusionMatrix":
        """The difference of two matrices of the same classes."""
        label, predicted = (
            np.concatenate([getattr(each, name) for each in (self, other)]) for name in ("label", "predicted")
        )
        return _summed(label, predicted, np.concatenate([self.count, -other.count]), self.num_classes)

    def _some(self, chosen: NDArray[np.bool_]) -> "ConfusionMatrix":
        return ConfusionMatrix(
            self.label[chosen], self.predicted[chosen], self.count[chosen], self.num_classes
        )

    def _sums(self, classes: IntArray, counts: IntArray) -> IntArray:
        sums = np.zeros(self.num_classes, np.int64)
        np.add.at(sums, classes, counts)
        return sums


def confusion_matrix(label: NDArray[Any], predicted: NDArray[Any], num_classes: int) -> ConfusionMatrix:
    """The confusion matrix of labels (N,) and predictions (N,)."""
    for name, classes in (("label", label), ("predicted", predicted)):
        if len(classes) and not 0 <= classes.min() <= classes.max() < num_classes:
            raise ValueError(f"{name} {classes.min()} to {classes.max()}, expected 0 to {num_classes - 1}")
    return _summed(label, predicted, np.ones(len(label), np.int64), num_classes)


def most_counted(matrix: ConfusionMatrix, k: int) -> list[Confusion]:
    """Up to ``k`` mistakes with the largest counts or changes; ties in the order of the classes."""
    wrong = matrix.mistakes
    order = np.argsort(-np.abs(wrong.count), kind="stable")[:k]
    chosen = (wrong.label[order].tolist(), wrong.predicted[order].tolist(), wrong.count[order].tolist())
    return [Confusion(*each) for each in zip(*chosen, strict=True)]


def _summed(
    label: NDArray[Any], predicted: NDArray[Any], count: IntArray, num_classes: int
) -> ConfusionMatrix:
    """The matrix of these counts, added up for each cell."""
    places, inverse = np.unique(label.astype(np.int64) * num_classes + predicted, return_inverse=True)
    sums = np.zeros(len(places), np.int64)
    np.add.at(sums, inverse, count)
    places, sums = places[sums != 0], sums[sums != 0]
    return ConfusionMatrix(places // num_classes, places % num_classes, sums, num_classes)
