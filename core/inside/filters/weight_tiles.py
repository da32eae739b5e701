"""The filters of a whole layer at a glance: a small drawing of each, all on one scale."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.drawing.channel_grid import GAP, Layout, picture_grid, poster_layout
from core.drawing.render import Picture, Pictures, png
from core.inside.filters.kernels import Filters, in_colour, sheet, signed

MOST, MOST_SINGLE = 9, 64  # Kernels of a filter that has many, and those of a single weight.
# Of a layer's weights, how many are within its scale; by the largest alone, the others would hardly be seen.
_WITHIN = 0.99
_ZERO = np.array([128, 128, 128, 28], np.uint8)  # A tinge, so that squares of no weight are seen as well.


def tiles(filters: Filters, channels: Sequence[int], side: int) -> Pictures:
    """A drawing (k, H, W, 4) of the filter of each channel, at most ``side`` pixels high and wide.

    Filters that read an image have its colours. Of others, the `MOST` kernels of the largest norm are drawn
    in rows of three, from the top left down; 1 x 1 kernels are squares in the order of the channels that they
    read, in all filters the same, namely the `MOST_SINGLE` that the layer weighs most. Colours are those of
    `render.SIGNED` on one scale for the layer, which ends where all but a hundredth of its weights are
    smaller.
    """
    if filters.are_pictures:
        return np.stack([_drawn(each[None], side) for each in in_colour(filters)[list(channels)]])
    end = scale_end(filters)
    return np.stack([_drawn(_parts(filters, channel, end), side) for channel in channels])


def scale_end(filters: Filters) -> float:
    """The size of weight that has the full colour in `tiles`; larger ones have it too."""
    return filters.peak if filters.are_pictures else float(np.quantile(np.abs(filters.weights), _WITHIN))


def ranks(filters: Filters) -> NDArray[np.intp]:
    """The rank (K,) of each filter by its norm, from 1; equal ones share the better rank."""
    stronger = filters.norms > filters.norms[:, None]
    found: NDArray[np.intp] = 1 + stronger.sum(1)
    return found


def poster(filters: Filters, channels: Sequence[int]) -> bytes:
    """The drawings of these channels with their indices, as one PNG file."""
    side = max(poster_layout(len(channels), (1, 1)).tile)
    pictures = tiles(filters, channels, side)
    layout = poster_layout(len(channels), (pictures.shape[1], pictures.shape[2]))
    return png(picture_grid(pictures, np.zeros(len(channels), np.bool_), layout, captions=channels))


def _parts(filters: Filters, channel: int, end: float) -> Pictures:
    """What a filter is drawn of, a pixel a weight: a square of 1 x 1 kernels, or one picture for each."""
    is_single = filters.weights.shape[2:] == (1, 1)
    shown = _weighed_most(filters) if is_single else filters.strongest_kernels(channel, MOST)
    pixels = signed(filters.weights[channel, shown].clip(-end, end), end)
    pixels[pixels[..., 3] < _ZERO[3]] = _ZERO
    return _square(pixels[:, 0, 0])[None] if is_single else pixels


def _weighed_most(filters: Filters) -> NDArray[np.intp]:
    """The inputs of which all filters' 1 x 1 kernels together have the largest norms, in their order."""
    sizes = np.linalg.norm(filters.weights[:, :, 0, 0].astype(np.float64), axis=0)
    return np.sort(np.argsort(-sizes, kind="stable")[:MOST_SINGLE])


def _square(pixels: Pictures) -> Picture:
    """Pixels (n, 4) in rows of one square, transparent behind the last."""
    columns = math.ceil(math.sqrt(len(pixels)))
    rows = -(-len(pixels) // columns)
    square = np.zeros((rows * columns, 4), np.uint8)
    square[: len(pixels)] = pixels
    return square.reshape(rows, columns, 4)


def _drawn(parts: Pictures, side: int) -> Picture:
    """The parts beside each other, each pixel of theirs a square of some pixels."""
    columns = math.ceil(math.sqrt(len(parts)))
    height, width = parts.shape[1:3]
    factor = max(1, (side - (columns - 1) * GAP) // columns // max(height, width))
    return sheet(parts, Layout(len(parts), columns, (factor * width, factor * height)))
