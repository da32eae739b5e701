"""Class probabilities from a last layer that has not seen the sample: what training labels are judged by."""

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray

FOLDS = 5


def out_of_sample(
    features: NDArray[np.floating], labels: IntArray, num_classes: int, groups: IntArray | None = None
) -> DoubleArray:
    """The probability of every class for each sample (N, C), by a linear layer fitted without its fold.

    Linear discriminant analysis on standardised features (N, D), in closed form: it is fast for 100,000
    samples, and a few wrong labels move its class means little. ``groups`` (N,) are kept whole, such as the
    frames of one video. NaN in rows whose class has no other sample to learn from.
    """
    folds = _folds(labels, groups)
    spread = features.std(0, dtype=np.float64)
    values = ((features - features.mean(0, dtype=np.float64)) / np.where(spread > 0, spread, 1)).astype(
        np.float32
    )
    found = np.full((len(labels), num_classes), np.nan)
    for fold in range(FOLDS):
        is_held = folds == fold
        known = np.unique(labels[~is_held])
        rows = np.flatnonzero(is_held & np.isin(labels, known))
        if len(rows) and len(known) > 1:
            found[rows] = _probabilities(values, labels, ~is_held, values[rows], num_classes)
    return found


def _folds(labels: IntArray, groups: IntArray | None) -> IntArray:
    """The fold of each sample (N,), the classes spread evenly; the same in every call."""
    units = np.arange(len(labels)) if groups is None else groups
    _, first, unit = np.unique(units, return_index=True, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(first))
    order = order[np.argsort(labels[first][order], kind="stable")]
    fold_of = np.empty(len(first), np.int64)
    fold_of[order] = np.arange(len(first)) % FOLDS
    return np.asarray(fold_of[unit])


def _probabilities(
    values: NDArray[np.float32],
    labels: IntArray,
    is_fitted: NDArray[np.bool_],
    judged: NDArray[np.float32],
    num_classes: int,
) -> DoubleArray:
    """Of the rows ``judged`` (n, D), by the rows that are fitted: (n, C), 0 for a class without samples."""
    fitted, own = values[is_fitted], labels[is_fitted]
    counts = np.bincount(own, minlength=num_classes)
    means = np.zeros((num_classes, values.shape[1]))
    np.add.at(means, own, fitted)
    means /= np.maximum(counts, 1)[:, None]
    covariance = shrunk_covariance(fitted - means[own].astype(np.float32))
    covariance[np.diag_indices(len(covariance))] += 1e-6  # Features that never vary.
    weight = np.linalg.solve(covariance, means.T)
    with np.errstate(divide="ignore"):
        bias = np.log(counts / counts.sum()) - (means * weight.T).sum(1) / 2
    logits = judged @ weight + bias
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(shares / shares.sum(1, keepdims=True))


def shrunk_covariance(centred: NDArray[np.floating]) -> DoubleArray:
    """The covariance (D, D) of centred values (n, D), shrunk (Ledoit 2004, 10.1016/S0047-259X(03)00096-4).

    As scikit-learn's ``ledoit_wolf``, with half of the products of matrices: the sum of its fourth moments is
    that of the fourth powers of the rows' lengths.
    """
    number, width = centred.shape
    covariance: DoubleArray = np.asarray(centred.T @ centred, np.float64) / number
    scale = covariance.trace() / width
    fourth = float(((centred.astype(np.float64) ** 2).sum(1) ** 2).sum()) / number
    squares = float((covariance**2).sum())
    distance = squares - width * scale**2
    share = min(1.0, (fourth - squares) / number / distance) if distance > 0 else 0.0
    covariance *= 1 - share
    covariance[np.diag_indices(width)] += share * scale
    return covariance
