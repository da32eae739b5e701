"""From raw maps to what is drawn: scaled, and carried back to the pixels of the original image."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.explain.pixels import PIXEL_METHODS
from core.preprocess import Preprocess

FloatArray = NDArray[np.float32]

# One pixel in a hundred may exceed the top of the scale: single pixels would else darken all the others.
_PIXEL_PERCENTILE = 99


def peak(raw: FloatArray, method: str) -> float:
    """The size of value at which a map's colours end: the largest, for pixels the 99th percentile."""
    sizes = np.abs(raw)
    return float(np.percentile(sizes, _PIXEL_PERCENTILE) if method in PIXEL_METHODS else sizes.max())


def common_peak(maps: Mapping[str, FloatArray], method: str) -> float:
    """One end of the colours for several maps, so that they can be compared by eye."""
    return max(peak(raw, method) for raw in maps.values())


def heatmap(raw: FloatArray, method: str) -> FloatArray:
    """What speaks for the class, in [0, 1] and still (h, w): ReLU, then the peak to 1; without any, zeros."""
    positive = np.maximum(raw, 0)
    top = peak(positive, method) or float(positive.max())
    return np.clip(positive / top, 0, 1) if top > 0 else positive


def balance(raw: FloatArray, top: float) -> FloatArray:
    """For and against, in [-1, 1] and still (h, w): ``top`` goes to 1, zero stays zero."""
    return np.clip(raw / top, -1, 1) if top > 0 else np.zeros_like(raw)


def heatmap_on_image(
    raw: FloatArray, method: str, preprocess: Preprocess, size: tuple[int, int]
) -> FloatArray:
    """The heat map of an image of ``size`` (width, height): (H, W), in [0, 1], NaN where nothing was seen."""
    return preprocess.on_image(heatmap(raw, method), size)
