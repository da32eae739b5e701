"""The filters of a whole layer: a small drawing of each, all on one colour scale."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.drawing.channel_grid import GAP, Layout, picture_grid, poster_layout
from core.drawing.render import Picture, Pictures, png
from core.inside.filters.kernels import Filters, in_colour, sheet, signed

MOST, MOST_SINGLE = 9, 64  # Kernels that are drawn of a filter, and those of a single weight.
# The share of a layer's weights within its scale; up to the largest weight, most would be almost invisible.
_WITHIN = 0.99
_ZERO = np.array([128, 128, 128, 28], np.uint8)  # A light tint, so that zero weights are visible.


def tiles(filters: Filters, channels: Sequence[int], side: int) -> Pictures:
    """A drawing (k, H, W, 4) of the filter of each channel, at most ``side`` pixels high and wide.

    Filters that read an image are drawn in its colours. Of others, the `MOST` kernels with the largest norms
    are drawn in rows of three, the largest first. 1 x 1 kernels are squares in the order of their input
    channels, for all filters the same `MOST_SINGLE` channels, those with the largest weights in the layer.
    Colours are those of `render.SIGNED` on one scale for the layer, which ends at the 99th percentile of its
    absolute weights.
    """
    if filters.are_pictures:
        return np.stack([_drawn(each[None], side) for each in in_colour(filters)[list(channels)]])
    end = scale_end(filters)
    return np.stack([_drawn(_parts(filters, channel, end), side) for channel in channels])


def scale_end(filters: Filters) -> float:
    """The absolute weight from which on `tiles` has the full colour."""
    return filters.peak if filters.are_pictures else float(np.quantile(np.abs(filters.weights), _WITHIN))


def ranks(filters: Filters) -> NDArray[np.intp]:
    """The rank (K,) of each filter by its norm, from 1; ties share the better rank."""
    stronger = filters.norms > filters.norms[:, None]
    by_norm: NDArray[np.intp] = 1 + stronger.sum(1)
    return by_norm


def poster(filters: Filters, channels: Sequence[int]) -> bytes:
    """The drawings of these channels with their indices, as one PNG file."""
    side = max(poster_layout(len(channels), (1, 1)).tile)
    pictures = tiles(filters, channels, side)
    layout = poster_layout(len(channels), (pictures.shape[1], pictures.shape[2]))
    return png(picture_grid(pictures, np.zeros(len(channels), np.bool_), layout, captions=channels))


def _parts(filters: Filters, channel: int, end: float) -> Pictures:
    """The pictures of a filter, one pixel per weight: a square of 1 x 1 kernels, or one for each kernel."""
    is_single = filters.weights.shape[2:] == (1, 1)
    shown = _weighed_most(filters) if is_single else filters.strongest_kernels(channel, MOST)
    pixels = signed(filters.weights[channel, shown].clip(-end, end), end)
    pixels[pixels[..., 3] < _ZERO[3]] = _ZERO
    return _square(pixels[:, 0, 0])[None] if is_single else pixels


def _weighed_most(filters: Filters) -> NDArray[np.intp]:
    """The input channels with the largest norms over all filters' 1 x 1 kernels, in their order."""
    sizes = np.linalg.norm(filters.weights[:, :, 0, 0].astype(np.float64), axis=0)
    return np.sort(np.argsort(-sizes, kind="stable")[:MOST_SINGLE])


def _square(pixels: Pictures) -> Picture:
    """Pixels (n, 4) in rows of a square, transparent after the last."""
    columns = math.ceil(math.sqrt(len(pixels)))
    rows = -(-len(pixels) // columns)
    square = np.zeros((rows * columns, 4), np.uint8)
    square[: len(pixels)] = pixels
    return square.reshape(rows, columns, 4)


def _drawn(parts: Pictures, side: int) -> Picture:
    """The parts side by side, each of their pixels enlarged to a square."""
    columns = math.ceil(math.sqrt(len(parts)))
    height, width = parts.shape[1:3]
    factor = max(1, (side - (columns - 1) * GAP) // columns // max(height, width))
    return sheet(parts, Layout(len(parts), columns, (factor * width, factor * height)))
