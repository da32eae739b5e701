"""Patches of images as pictures: one of them, the nine of a channel, and a poster of all channels."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.image_set import ImageSet
from core.errors import ImageError
from core.inside.channel_grid import CAPTION, GAP, Layout
from core.inside.examples import Example
from core.inside.strongest import NUM_EXAMPLES
from core.preprocess import Window
from core.render import Picture

Pictures = NDArray[np.uint8]

_COLUMNS = 3
_POSTER_SIDE, _SMALLEST_TILE = 4000, 96
_TEXT = (128, 128, 128, 255)


def patch(image: Image.Image, window: Window, side: int) -> Picture:
    """A part of an image as large as fits into a square of ``side`` pixels: RGBA, transparent around it."""
    picture = np.zeros((side, side, 4), np.uint8)
    left, top = max(0, window.left), max(0, window.top)
    right, bottom = min(image.width, window.right), min(image.height, window.bottom)
    if right > left and bottom > top:  # Unlike that of a cell that sees padding alone.
        factor = side / max(right - left, bottom - top)
        size = max(1, round((right - left) * factor)), max(1, round((bottom - top) * factor))
        part = np.asarray(_part(image, Window(left, top, right, bottom), size))
        height, width = part.shape[:2]
        x, y = (side - width) // 2, (side - height) // 2
        picture[y : y + height, x : x + width] = np.dstack([part, np.full((height, width), 255, np.uint8)])
    return picture


def patches(
    channels: Sequence[Sequence[Example]], image_of: Callable[[str], Image.Image], side: int
) -> Pictures:
    """The examples of each channel as pictures (K, 9, side, side, 4), transparent where there is none.

    ``image_of`` gives a sample by its id, once each; one that is gone or broken (ImageError) stays empty.
    """
    pictures = np.zeros((len(channels), NUM_EXAMPLES, side, side, 4), np.uint8)
    wanted: dict[str, list[tuple[int, Example]]] = defaultdict(list)
    for position, examples in enumerate(channels):
        for example in examples:
            wanted[example.sample_id].append((position, example))
    for sample_id, places in wanted.items():
        try:
            image = image_of(sample_id)
        except ImageError:
            continue
        for position, example in places:
            pictures[position, example.rank] = patch(image, example.window, side)
    return pictures


def by_sample_id(images: ImageSet) -> Callable[[str], Image.Image]:
    """A data set's images by their names; ImageError for one that is not there or broken."""
    places = {sample_id: place for place, sample_id in enumerate(images.sample_ids)}

    def image_of(sample_id: str) -> Image.Image:
        if sample_id not in places:
            raise ImageError(f"{images.name!r} on this machine has no sample {sample_id!r}")
        return images.image(places[sample_id])

    return image_of


def tile(pictures: Pictures) -> Picture:
    """The nine pictures (9, side, side, 4) of a channel in three rows, the strongest first."""
    side = pictures.shape[1]
    layout = Layout(NUM_EXAMPLES, _COLUMNS, (side, side))
    board = np.zeros((*reversed(layout.size), 4), np.uint8)
    for position, picture in enumerate(pictures):
        x, y = layout.corner(position)
        board[y : y + side, x : x + side] = picture
    return board


def poster_layout(num_channels: int, tile_side: int) -> Layout:
    """About a square of tiles; those of many channels are smaller."""
    columns = math.ceil(math.sqrt(num_channels))
    side = min(tile_side, max(_SMALLEST_TILE, _POSTER_SIDE // columns - GAP - CAPTION))
    return Layout(num_channels, columns, (side, side), CAPTION)


def poster(pictures: Pictures) -> Picture:
    """The tiles of all channels (K, 9, side, side, 4) with their indices, RGBA."""
    layout = poster_layout(len(pictures), tile(pictures[0]).shape[0])
    width, height = layout.size
    board = np.zeros((height + GAP, width + GAP, 4), np.uint8)
    for channel, each in enumerate(pictures):
        x, y = layout.corner(channel)
        drawn = cv2.resize(tile(each), layout.tile, interpolation=cv2.INTER_AREA)
        board[y : y + layout.tile[1], x : x + layout.tile[0]] = drawn
        where = (x, y + layout.tile[1] + CAPTION - 3)
        cv2.putText(board, str(channel), where, cv2.FONT_HERSHEY_SIMPLEX, 0.35, _TEXT, 1, cv2.LINE_AA)
    return board[:height, :width]


def _part(image: Image.Image, window: Window, size: tuple[int, int]) -> Image.Image:
    """A window inside the image, brought to ``size``."""
    x, y = math.floor(window.left), math.floor(window.top)
    # Cut first: the filter would take in pixels beside the box.
    whole = image.crop((x, y, math.ceil(window.right), math.ceil(window.bottom)))
    box = (window.left - x, window.top - y, window.right - x, window.bottom - y)
    return whole.resize(size, Image.Resampling.BICUBIC, box=box)
