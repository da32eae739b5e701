"""The channels of one layer for one image: statistics, silent channels, order and pages."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray
from core.errors import LayerError

Indices = NDArray[np.intp]

ORDERS = ("index", "strength", "class")
PAGE = 64  # Channels on one page.

# Relative to the layer's largest value. Filters whose weights have decayed to zero give channels at 1e-6 and
# less; the faintest meaningful channels in the shipped networks were at 2e-5.
_FAINTEST = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class ChannelStats:
    """Statistics (K,) of each channel, over its positions.

    ``share_of_zeros`` counts values of exactly 0, as after a ReLU; before an activation, or after a smooth
    one such as SiLU, there are hardly any. ``strength`` is the mean absolute value. A channel is ``silent``
    if it is constant, up to 1e-5 of the layer's largest value. A single cell is silent if it is 0.
    """

    minimum: FloatArray
    maximum: FloatArray
    mean: FloatArray
    strength: FloatArray
    share_of_zeros: FloatArray
    silent: NDArray[np.bool_]


def channel_stats(maps: FloatArray) -> ChannelStats:
    """The statistics of ``maps`` (K, h, w)."""
    values = maps.reshape(len(maps), -1)
    sizes = np.abs(values)
    minimum, maximum = values.min(1), values.max(1)
    spread = maximum - minimum if values.shape[1] > 1 else sizes[:, 0]
    return ChannelStats(
        minimum,
        maximum,
        # In float64: float32 sums of 50,000 values have only four correct digits.
        values.mean(1, dtype=np.float64).astype(np.float32),
        sizes.mean(1, dtype=np.float64).astype(np.float32),
        (values == 0).mean(1).astype(np.float32),
        spread <= _FAINTEST * sizes.max(),
    )


def normalised(maps: FloatArray, stats: ChannelStats) -> FloatArray:
    """Each channel of ``maps`` (K, h, w) scaled from its minimum, 0, to its maximum, 1; silent ones are 0.

    Channels of a single cell are scaled from the layer's minimum to its maximum.
    """
    single = maps[0].size == 1
    low = maps.min(keepdims=True) if single else stats.minimum[:, None, None]
    high = maps.max(keepdims=True) if single else stats.maximum[:, None, None]
    loud = ~stats.silent[:, None, None]
    scaled: FloatArray = np.zeros_like(maps)
    np.divide(maps - low, high - low, out=scaled, where=loud & (high > low))
    return scaled


def by_strength(stats: ChannelStats) -> Indices:
    """The channels (K,) from the strongest to the weakest, silent channels last; ties by index."""
    return np.lexsort((-stats.strength, stats.silent))


def by_contribution(contributions: FloatArray) -> Indices:
    """The channels (K,) by their contribution to the class, from the largest to the most negative."""
    return np.argsort(-contributions, kind="stable")


def num_pages(num_channels: int) -> int:
    """The number of pages of `PAGE` channels, at least one."""
    return max(1, -(-num_channels // PAGE))


def page(order: Indices, number: int) -> Indices:
    """The channels on page ``number``, counted from 0, in this order."""
    return order[number * PAGE : (number + 1) * PAGE]


def parse_channels(text: str, num_channels: int) -> list[int]:
    """The channel indices in a text such as ``0-3,12``; LayerError if there is no such channel."""
    chosen: list[int] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)
        if match is None:
            raise LayerError(f"{part!r} is not a channel; write channels as 0-3,12")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < num_channels:
            raise LayerError(f"there is no channel {part!r}; this layer has channels 0 to {num_channels - 1}")
        chosen += range(first, last + 1)
    return list(dict.fromkeys(chosen))
