"""A confusion matrix, or its change, for display: which classes, in which order, how dark each cell is."""

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
_CONTRAST = 0.55  # An exponent below 1 lifts small counts: one mistake among hundreds stays visible.


@dataclass(frozen=True, slots=True, eq=False)
class MatrixView:
    """n of C classes: ``class_idx`` (n,), and for cells [true, predicted] (n, n) ``counts`` and ``shade``.

    ``text`` is written in a cell, empty for 0. ``shade`` runs from 0 to 1, on separate scales for the
    diagonal and the mistakes; on one scale the diagonal would hide them. ``num_mistakes`` counts those shown.
    ``good`` (n, n) marks cells whose samples are right, or in a change, cells that improved.
    """

    class_idx: IntArray
    counts: IntArray
    text: tuple[tuple[str, ...], ...]
    shade: DoubleArray
    num_mistakes: int
    good: NDArray[np.bool_]


def view(matrix: ConfusionMatrix, class_idx: IntArray, numbers: str = COUNTS) -> MatrixView:
    """The view of some classes; shares are relative to all C classes, not to those shown."""
    return _views([matrix], class_idx, numbers)[0]


def side_by_side(matrices: Matrices, class_idx: IntArray) -> list[MatrixView]:
    """Some classes of the first and of the second matrix, shaded on one scale."""
    return _views([matrices.first, matrices.second], class_idx, COUNTS)


def shares_side_by_side(matrices: Sequence[ConfusionMatrix], class_idx: IntArray) -> list[MatrixView]:
    """Some classes of matrices of different samples, as shares of each true class, shaded on one scale."""
    return _views(matrices, class_idx, BY_LABEL)


def change(matrices: Matrices, class_idx: IntArray) -> MatrixView:
    """The change of some classes; more right samples and fewer mistakes are good."""
    counts = matrices.difference.part(class_idx)
    diagonal = np.eye(len(class_idx), dtype=bool)
    text = tuple(tuple(_as_change(each) for each in row) for row in counts.tolist())
    size = np.abs(counts).astype(np.float64)
    return MatrixView(
        class_idx, counts, text, _shade(size), int(counts[~diagonal].sum()), (counts > 0) == diagonal
    )


def _views(matrices: Sequence[ConfusionMatrix], class_idx: IntArray, numbers: str) -> list[MatrixView]:
    """Some classes of several matrices, shaded on one scale."""
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
    """Counts (n, n), or shares of each true or each predicted class; 0 for a class without samples."""
    counts = matrix.part(class_idx).astype(np.float64)
    if numbers == COUNTS:
        return counts
    if numbers == BY_LABEL:
        return np.asarray(counts / np.maximum(matrix.of_label[class_idx], 1)[:, None])
    return np.asarray(counts / np.maximum(matrix.of_prediction[class_idx], 1))


def ordered(matrix: ConfusionMatrix, order: str) -> IntArray:
    """All classes (C,): as given, by size, or by the number of mistakes to and from them."""
    if order == "given":
        return np.arange(matrix.num_classes)
    wrong = matrix.mistakes
    weight = matrix.of_label if order == "support" else wrong.of_label + wrong.of_prediction
    return np.argsort(-weight, kind="stable")


def chosen(matrix: ConfusionMatrix, order: str, some: Sequence[int]) -> IntArray:
    """Some classes in one of `ORDERS`, which is that of the whole matrix."""
    whole = ordered(matrix, order)
    return whole[np.isin(whole, some)]


def classes_of_most_confused(matrix: ConfusionMatrix, most: int) -> list[int]:
    """Up to ``most`` classes from the largest mistakes, or changes; without any, the first classes."""
    classes = _classes_of(most_counted(matrix, most * most), most)
    return classes or list(range(min(most, matrix.num_classes)))


def _classes_of(pairs: Iterable[Confusion], most: int) -> list[int]:
    classes: dict[int, None] = {}
    for pair in pairs:
        for class_idx in (pair.label, pair.predicted):
            if len(classes) < most:
                classes.setdefault(class_idx)
    return sorted(classes)


def _shade(values: NDArray[np.float64]) -> DoubleArray:
    top = values.max(initial=0)
    return np.asarray((values / top) ** _CONTRAST if top else np.zeros(values.shape), np.float64)


def _as_count(value: float) -> str:
    return f"{value:,.0f}" if value else ""


def _as_change(value: int) -> str:
    return f"{value:+,}".replace("-", "−") if value else ""


def _as_percent(value: float) -> str:
    """Whole percents; below half a percent ``<1``."""
    if not value:
        return ""
    return "<1" if value < 0.005 else f"{value * 100:.0f}"
