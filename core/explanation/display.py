"""One raw map as an array, scaled for display as `core.explain.heatmap` scales it."""

import torch
from torch import Tensor

from core.arrays import FloatArray
from core.explain.maps import scaling


def peak(raw: FloatArray) -> float:
    """The absolute value at which a map's colours end, as `core.explain.maps.scaling.peak` chooses it."""
    return float(scaling.peak(torch.from_numpy(raw.copy())))


def heat(raw: FloatArray, top: float | None = None) -> FloatArray:
    """What speaks for the class, in [0, 1] and still (h, w): ReLU, then ``top`` to 1; without any, zeros.

    ``top`` is the positive values' `peak` unless given.
    """
    maps = torch.from_numpy(raw.copy())
    return _array(scaling.heat(maps, None if top is None else maps.new_tensor(top)))


def balance(raw: FloatArray, top: float) -> FloatArray:
    """For and against, in [-1, 1] and still (h, w): ``top`` goes to 1, zero stays zero."""
    maps = torch.from_numpy(raw.copy())
    return _array(scaling.balance(maps, maps.new_tensor(top)))


def _array(maps: Tensor) -> FloatArray:
    values: FloatArray = maps.numpy()
    return values
