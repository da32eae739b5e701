"""How two samples differ, for many divisions of the same photos into two at once.

``sides`` (N, B) has a division in each column: 1 for a new photo, 0 for a known one, with the same number of
new photos in each column. Every function gives one statistic per column (B,), larger for a larger difference.
"""

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, FloatArray, IntArray

_FOLDS = 5
_RIDGE = 0.1  # Of the mean variance of a direction.


def ks_distances(values: NDArray[np.floating], sides: FloatArray) -> DoubleArray:
    """The Kolmogorov-Smirnov distance of a property (N,): the largest difference of shares below a value."""
    order = np.argsort(values, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(values[order]) > 0, True))
    new = np.cumsum(sides[order], axis=0, dtype=np.float64)[ends]
    number, total = sides.sum(0, dtype=np.float64), len(values)
    known = (ends + 1)[:, None] - new
    return np.asarray(np.abs(new / number - known / (total - number)).max(0))


def class_distances(classes: IntArray, sides: FloatArray) -> DoubleArray:
    """Pearson's chi-squared of classes (N,) against the sides."""
    _, numbers, counts = np.unique(classes, return_inverse=True, return_counts=True)
    new = np.zeros((len(counts), sides.shape[1]))
    for place in range(len(counts)):
        new[place] = sides[numbers == place].sum(0)
    share = sides.sum(0) / len(classes)
    expected = counts[:, None] * share
    # Known photos deviate by as much in the other direction.
    return np.asarray(((new - expected) ** 2 / (expected * (1 - share))).sum(0))


def energy_distances(features: FloatArray, sides: FloatArray) -> DoubleArray:
    """The energy distance of features (N, K): 2 E|X - Y| - E|X - X'| - E|Y - Y'|.

    Székely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018; it is a maximum mean discrepancy with the distance
    as its kernel (Sejdinovic 2013, arXiv:1207.6076).
    """
    apart = _distances(features)
    number = sides.sum(0, dtype=np.float64)
    others = len(features) - number
    of_new = (sides * (apart @ sides)).sum(0, dtype=np.float64)
    from_new = (apart.sum(0) @ sides).astype(np.float64)
    of_known = apart.sum(dtype=np.float64) - 2 * from_new + of_new
    between = 2 * (from_new - of_new) / (number * others)
    return np.asarray(between - of_new / number**2 - of_known / others**2)


def classifier_areas(features: FloatArray, sides: FloatArray, seed: int) -> DoubleArray:
    """How well a linear classifier on features (N, K) tells new photos from known ones: its ROC AUC.

    0.5 is not at all. The classifier two-sample test (Lopez-Paz 2017, arXiv:1610.06545), here with ridge
    regression, fitted on four fifths of the photos and scored on the others, in turn.
    """
    order = np.random.default_rng(seed).permutation(len(features))
    areas = [_area_of_fold(features, sides, order[place::_FOLDS], order) for place in range(_FOLDS)]
    return np.asarray(np.nanmean(areas, axis=0))


def _area_of_fold(
    features: FloatArray, sides: FloatArray, held_out: IntArray, every: IntArray
) -> DoubleArray:
    """The areas on the photos that are held out; NaN for divisions that have one side only there."""
    fitted = np.setdiff1d(every, held_out)
    mean = features[fitted].mean(0)
    inputs = features[fitted] - mean
    inner = inputs.T @ inputs
    inner += np.eye(len(inner), dtype=np.float32) * (_RIDGE * np.trace(inner) / len(inner) + 1e-9)
    weights = np.linalg.solve(inner, inputs.T) @ sides[fitted]
    return _areas((features[held_out] - mean) @ weights, sides[held_out])


def _areas(scores: FloatArray, sides: FloatArray) -> DoubleArray:
    """The ROC AUC of scores (n, B) for sides (n, B), by the ranks of the new photos; ties in given order."""
    ranks = np.empty(scores.shape, np.float64)
    np.put_along_axis(
        ranks, np.argsort(scores, axis=0, kind="stable"), np.arange(1.0, len(scores) + 1)[:, None], 0
    )
    number = sides.sum(0, dtype=np.float64)
    above = (ranks * sides).sum(0) - number * (number + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(above / (number * (len(scores) - number)))


def _distances(features: FloatArray) -> FloatArray:
    squares = (features**2).sum(1)
    apart = squares[:, None] + squares - 2 * features @ features.T
    np.fill_diagonal(apart, 0)
    return np.asarray(np.sqrt(apart.clip(0)), np.float32)
