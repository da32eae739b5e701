"""From raw maps to what is drawn: scaled, and carried back to the pixels of the original image."""

import numpy as np

from core.arrays import FloatArray

# Among many cells a few may exceed the top of the scale: single pixels would else darken all the others.
_MANY_CELLS, _PERCENTILE = 500, 99


def peak(raw: FloatArray) -> float:
    """The size of value at which a map's colours end: its largest, or the 99th percentile of 500 and more."""
    sizes = np.abs(raw)
    top = float(np.percentile(sizes, _PERCENTILE)) if raw.size >= _MANY_CELLS else 0.0
    return top or float(sizes.max())


def heatmap(raw: FloatArray, top: float | None = None) -> FloatArray:
    """What speaks for the class, in [0, 1] and still (h, w): ReLU, then ``top`` to 1; without any, zeros.

    ``top`` is the positive values' `peak` unless given. For small maps this is `core.explain.heatmap`.
    """
    positive = np.maximum(raw, 0)
    top = peak(positive) if top is None else top
    return np.clip(positive / top, 0, 1) if top > 0 else positive


def balance(raw: FloatArray, top: float) -> FloatArray:
    """For and against, in [-1, 1] and still (h, w): ``top`` goes to 1, zero stays zero."""
    return np.clip(raw / top, -1, 1) if top > 0 else np.zeros_like(raw)
