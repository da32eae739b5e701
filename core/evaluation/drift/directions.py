"""Features of photos in few directions, all of them on one scale."""

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray

_MOST = 50


def principal(features: NDArray[np.floating]) -> FloatArray:
    """The features (N, D) in their directions of largest variance, at most 50 and a tenth of N: (N, K).

    Each feature has variance 1 before. Both samples of a test are reduced together, so the division into two
    has no influence.
    """
    values = features.astype(np.float32)
    deviation = values.std(0)
    values = ((values - values.mean(0)) / np.where(deviation > 0, deviation, 1))[:, deviation > 0]
    if not values.shape[1]:
        return np.zeros((len(features), 1), np.float32)
    _, axes = np.linalg.eigh(values.T @ values)
    number = min(_MOST, max(1, len(values) // 10), values.shape[1])
    return np.asarray(values @ axes[:, ::-1][:, :number], np.float32)
