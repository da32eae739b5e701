"""What the features say of a sample beyond its class, in few numbers."""

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray, IntArray

_FITTED, _PIECE = 20_000, 8_192
_DIMENSIONS = 48


def looks(features: NDArray[np.float16], predicted: IntArray, seed: int) -> FloatArray:
    """The features (N, D) without what tells the predicted classes apart, as principal components (N, d).

    Between the means of the classes lies what makes the network decide. With these directions left in, every
    cluster near another class would be one of mistakes; without them, clusters are of images that look alike.
    They are fitted on a part of the samples, at most 20,000, and all are projected.
    """
    rng = np.random.default_rng(seed)
    fitted = np.sort(rng.permutation(len(features))[:_FITTED])
    sample = np.asarray(features[fitted], np.float32)
    mean = sample.mean(axis=0)
    directions = _telling_apart(sample - mean, predicted[fitted])
    components = _principal(_without(sample - mean, directions), seed)
    pieces = (np.asarray(features[at : at + _PIECE], np.float32) for at in range(0, len(features), _PIECE))
    return np.concatenate([_without(piece - mean, directions) @ components for piece in pieces])


def _telling_apart(centred: FloatArray, predicted: IntArray) -> FloatArray:
    """Orthonormal directions (D, c) in which the means of the classes lie; at most half of all directions."""
    means = np.stack([centred[predicted == each].mean(axis=0) for each in np.unique(predicted)])
    _, strengths, directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    num = min(len(means) - 1, centred.shape[1] // 2, int((strengths > 1e-6 * max(strengths[0], 1e-9)).sum()))
    return np.asarray(directions[:num].T, np.float32)


def _without(centred: FloatArray, directions: FloatArray) -> FloatArray:
    return np.asarray(centred - (centred @ directions) @ directions.T, np.float32)


def _principal(residual: FloatArray, seed: int) -> FloatArray:
    """The principal directions (D, d)."""
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415 (a second, only where it is needed)

    num = min(_DIMENSIONS, *residual.shape)
    _, _, directions = randomized_svd(residual, num, n_iter=2, random_state=seed)
    return np.asarray(directions.T, np.float32)
