"""A map of the data with more points than a browser draws smoothly: cells, with what their samples have."""

from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray, FloatArray, IntArray
from core.mistakes.feature_space.data_map import UNKNOWN, Amounts, Categories

MOST_POINTS = 100_000
SIDE = 200  # Cells along each side of the map.


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The M cells of a map that have samples: their centres (M, 2) from 0 to 1, and a colour for each.

    ``counts`` (M,) are the numbers of samples, ``rows`` (M,) one of the samples of each cell.
    """

    centres: FloatArray
    counts: IntArray
    rows: IntArray
    colouring: Categories | Amounts


def cells(points: FloatArray, colouring: Categories | Amounts) -> Cells:
    """The cells of points (N, 2) from 0 to 1.

    The colour of a cell is its mean shade or its most frequent category; of two categories, such as right and
    wrong, it is the share of the second one, so that few mistakes among many samples are seen.
    """
    places = (points * SIDE).astype(np.int64).clip(0, SIDE - 1)
    codes, rows, cell, counts = np.unique(
        places[:, 1] * SIDE + places[:, 0], return_index=True, return_inverse=True, return_counts=True
    )
    centres = ((np.stack([codes % SIDE, codes // SIDE], 1) + 0.5) / SIDE).astype(np.float32)
    return Cells(centres, counts, rows, _of_cells(colouring, cell, counts))


def _of_cells(colouring: Categories | Amounts, cell: IntArray, counts: IntArray) -> Categories | Amounts:
    """The colouring of cells (M,), of which ``cell`` (N,) has that of each sample."""
    if isinstance(colouring, Amounts):
        known = colouring.shades != UNKNOWN
        totals = _totals(cell[known], colouring.shades[known], len(counts))
        return Amounts(
            _shades(totals, np.bincount(cell[known], minlength=len(counts))), colouring.low, colouring.high
        )
    if len(colouring.names) == 2:
        return Amounts(_shades(254 * _totals(cell, colouring.idx, len(counts)), counts), 0, 1)
    number = len(colouring.names)
    frequent = np.bincount(cell * number + colouring.idx, minlength=len(counts) * number)
    return Categories(colouring.names, frequent.reshape(-1, number).argmax(1))


def _totals(cell: IntArray, numbers: IntArray, num_cells: int) -> DoubleArray:
    return np.asarray(np.bincount(cell, numbers, num_cells), np.float64)


def _shades(totals: DoubleArray, counts: IntArray) -> IntArray:
    means = np.divide(totals, counts, out=np.full(len(counts), float(UNKNOWN)), where=counts > 0)
    return np.asarray(means.round(), np.int64)
