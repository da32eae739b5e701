"""The channels of one layer for one image: what each shows, which are silent, and in which order to look."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray
from core.errors import LayerError

Indices = NDArray[np.intp]

ORDERS = ("index", "strength", "class")
PAGE = 64  # Channels that a person can look through at once.

# Of the layer's largest value. A filter whose weights training has shrunk to nothing leaves a channel at 1e-6
# of it and less; the faintest that carried a picture, in the networks that come with this, were at 2e-5.
_FAINTEST = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class ChannelStats:
    """Numbers (K,) of each channel, over its positions.

    ``share_of_zeros`` counts values of exactly 0, as a ReLU gives; before an activation, or after a smooth
    one such as SiLU, there are hardly any. ``strength`` is the mean size of a value, whatever its sign.
    ``silent`` is a channel with one value everywhere, 0 or another, but for differences within 1e-5 of the
    layer's largest value, which no picture should blow up. A single cell is silent if it is 0.
    """

    minimum: FloatArray
    maximum: FloatArray
    mean: FloatArray
    strength: FloatArray
    share_of_zeros: FloatArray
    silent: NDArray[np.bool_]


def channel_stats(maps: FloatArray) -> ChannelStats:
    """The numbers of the channels of ``maps`` (K, h, w)."""
    values = maps.reshape(len(maps), -1)
    sizes = np.abs(values)
    minimum, maximum = values.min(1), values.max(1)
    spread = maximum - minimum if values.shape[1] > 1 else sizes[:, 0]
    return ChannelStats(
        minimum,
        maximum,
        # In float64: float32 sums of 50,000 values have four good digits.
        values.mean(1, dtype=np.float64).astype(np.float32),
        sizes.mean(1, dtype=np.float64).astype(np.float32),
        (values == 0).mean(1).astype(np.float32),
        spread <= _FAINTEST * sizes.max(),
    )


def normalised(maps: FloatArray, stats: ChannelStats) -> FloatArray:
    """Each channel (h, w) of ``maps`` (K, h, w) from its minimum, 0, to its maximum, 1; silent ones all 0.

    Single cells, which have no spread of their own, go from the layer's minimum to its maximum.
    """
    single = maps[0].size == 1
    low = maps.min(keepdims=True) if single else stats.minimum[:, None, None]
    high = maps.max(keepdims=True) if single else stats.maximum[:, None, None]
    loud = ~stats.silent[:, None, None]
    scaled: FloatArray = np.zeros_like(maps)
    np.divide(maps - low, high - low, out=scaled, where=loud & (high > low))
    return scaled


def by_strength(stats: ChannelStats) -> Indices:
    """Channels (K,) from the strongest to the weakest, the silent ones last; equal ones by index."""
    return np.lexsort((-stats.strength, stats.silent))


def by_contribution(contributions: FloatArray) -> Indices:
    """Channels (K,) from the one that speaks most for the class to the one that speaks most against it."""
    return np.argsort(-contributions, kind="stable")


def num_pages(num_channels: int) -> int:
    """Pages of `PAGE` channels, at least one."""
    return max(1, -(-num_channels // PAGE))


def page(order: Indices, number: int) -> Indices:
    """The channels on page ``number``, counted from 0, of channels in this order."""
    return order[number * PAGE : (number + 1) * PAGE]


def parse_channels(text: str, num_channels: int) -> list[int]:
    """Indices from a list such as ``0-3,12``, in its order; LayerError if there is no such channel."""
    chosen: list[int] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)
        if match is None:
            raise LayerError(f"{part!r} is no channel; write them as 0-3,12")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < num_channels:
            raise LayerError(f"there is no channel {part!r}; this layer has channels 0 to {num_channels - 1}")
        chosen += range(first, last + 1)
    return list(dict.fromkeys(chosen))
