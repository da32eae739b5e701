"""A confusion matrix, or its change, as it is shown: which classes, in which order, how dark each cell is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.evaluation.comparing.comparison import Matrices
from core.evaluation.confusion import Confusion, ConfusionMatrix, most_counted

COUNTS, BY_LABEL, BY_PREDICTION = "counts", "by_label", "by_prediction"
NUMBERS = (COUNTS, BY_LABEL, BY_PREDICTION)
ORDERS = ("given", "support", "confused")
_CONTRAST = 0.55  # Below 1 it lifts small counts: one mistake among hundreds must still be seen.


@dataclass(frozen=True, slots=True, eq=False)
class MatrixView:
    """n of C classes: ``class_idx`` (n,), and for cells [true, predicted] (n, n) ``counts`` and ``shade``.

    ``text`` is what a cell says, empty where it counts nothing. ``shade`` runs from 0 to 1, apart for the
    diagonal and for the mistakes, or the diagonal would hide every mistake. ``num_mistakes`` are those shown.
    ``good`` (n, n) are the cells whose samples are right; of a change, those that became better.
    """

    class_idx: IntArray
    counts: IntArray
    text: tuple[tuple[str, ...], ...]
    shade: DoubleArray
    num_mistakes: int
    good: NDArray[np.bool_]


def view(matrix: ConfusionMatrix, class_idx: IntArray, numbers: str = COUNTS) -> MatrixView:
    """Some of all C classes; shares are of all C, not of the few shown."""
    return _views([matrix], class_idx, numbers)[0]


def side_by_side(matrices: Matrices, class_idx: IntArray) -> list[MatrixView]:
    """Some classes of the first and of the second matrix, a count as dark in one as in the other."""
    return _views([matrices.first, matrices.second], class_idx, COUNTS)


def shares_side_by_side(matrices: Sequence[ConfusionMatrix], class_idx: IntArray) -> list[MatrixView]:
    """Some classes of matrices of different samples, in shares of each true class, all on one scale."""
    return _views(matrices, class_idx, BY_LABEL)


def change(matrices: Matrices, class_idx: IntArray) -> MatrixView:
    """What became of some classes: a right one more is good, and a mistake less."""
    counts = matrices.difference.part(class_idx)
    diagonal = np.eye(len(class_idx), dtype=bool)
    text = tuple(tuple(_as_change(each) for each in row) for row in counts.tolist())
    size = np.abs(counts).astype(np.float64)
    return MatrixView(
        class_idx, counts, text, _shade(size), int(counts[~diagonal].sum()), (counts > 0) == diagonal
    )


def _views(matrices: Sequence[ConfusionMatrix], class_idx: IntArray, numbers: str) -> list[MatrixView]:
    """Some classes of several matrices, all on one scale."""
    counts = np.stack([matrix.part(class_idx) for matrix in matrices])
    values = np.stack([_values(matrix, class_idx, numbers) for matrix in matrices])
    diagonal = np.eye(len(class_idx), dtype=bool)
    shade = _shade(np.where(diagonal, values, 0)) + _shade(np.where(diagonal, 0, values))
    write = _as_count if numbers == COUNTS else _as_percent
    return [
        MatrixView(
            class_idx,
            counts[each],
            tuple(tuple(write(value) for value in row) for row in values[each].tolist()),
            shade[each],
            int(counts[each][~diagonal].sum()),
            diagonal,
        )
        for each in range(len(matrices))
    ]


def _values(matrix: ConfusionMatrix, class_idx: IntArray, numbers: str) -> DoubleArray:
    """Counts (n, n), or shares of each true or each predicted class; where that has no samples, 0."""
    counts = matrix.part(class_idx).astype(np.float64)
    if numbers == COUNTS:
        return counts
    if numbers == BY_LABEL:
        return np.asarray(counts / np.maximum(matrix.of_label[class_idx], 1)[:, None])
    return np.asarray(counts / np.maximum(matrix.of_prediction[class_idx], 1))


def ordered(matrix: ConfusionMatrix, order: str) -> IntArray:
    """All classes (C,): as given, or first the largest, or first those with most mistakes to or from them."""
    if order == "given":
        return np.arange(matrix.num_classes)
    wrong = matrix.mistakes
    weight = matrix.of_label if order == "support" else wrong.of_label + wrong.of_prediction
    return np.argsort(-weight, kind="stable")


def chosen(matrix: ConfusionMatrix, order: str, some: Sequence[int]) -> IntArray:
    """These classes in one of `ORDERS`, which looks at the whole matrix."""
    whole = ordered(matrix, order)
    return whole[np.isin(whole, some)]


def classes_of_most_confused(matrix: ConfusionMatrix, most: int) -> list[int]:
    """Up to ``most`` classes of the mistakes with the largest counts, or changes; else the first classes."""
    found = _classes_of(most_counted(matrix, most * most), most)
    return found or list(range(min(most, matrix.num_classes)))


def _classes_of(pairs: Iterable[Confusion], most: int) -> list[int]:
    found: dict[int, None] = {}
    for pair in pairs:
        for class_idx in (pair.label, pair.predicted):
            if len(found) < most:
                found.setdefault(class_idx)
    return sorted(found)


def _shade(values: NDArray[np.float64]) -> DoubleArray:
    top = values.max(initial=0)
    return np.asarray((values / top) ** _CONTRAST if top else np.zeros(values.shape), np.float64)


def _as_count(value: float) -> str:
    return f"{value:,.0f}" if value else ""


def _as_change(value: int) -> str:
    return f"{value:+,}".replace("-", "−") if value else ""


def _as_percent(value: float) -> str:
    """Whole percents; something that is less than half of one is not nothing."""
    if not value:
        return ""
    return "<1" if value < 0.005 else f"{value * 100:.0f}"
