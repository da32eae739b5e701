"""Patches of images as pictures: a single patch, the nine of a channel, and a poster of all channels."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image

from core.data.image_set import ImageSet
from core.drawing.channel_grid import CAPTION, GAP, Layout
from core.drawing.render import Picture, Pictures
from core.errors import ImageError
from core.images.preprocess import Window
from core.inside.examples.stored_examples import Example, LayerSize
from core.inside.examples.strongest import NUM_EXAMPLES

# From an example's patch, the size of its image, and the example: the patch as drawn.
Draw = Callable[[Picture, tuple[int, int], Example], Picture]

_POSTER_SIDE, _SMALLEST_TILE = 4000, 96
_TEXT = (128, 128, 128, 255)
# A ring that is visible on light and on dark: its colours, and its radius relative to a patch's side.
_DARK, _LIGHT = (0, 0, 0, 255), (255, 255, 255, 255)
_RADIUS, _SMALLEST_RADIUS, _SUBPIXEL_BITS = 1 / 14, 3, 4


def patch(image: Image.Image, window: Window, side: int) -> Picture:
    """A part of an image scaled to fit a square of ``side`` pixels: RGBA, transparent around the part."""
    picture = np.zeros((side, side, 4), np.uint8)
    inside = _inside(image.size, window)
    if inside.right > inside.left and inside.bottom > inside.top:  # A cell in the padding has no part.
        x, y, width, height = _place(inside, side)
        opaque = np.full((height, width), 255, np.uint8)
        part = np.asarray(_part(image, inside, (width, height)))
        picture[y : y + height, x : x + width] = np.dstack([part, opaque])
    return picture


def plain(picture: Picture, _size: tuple[int, int], _example: Example) -> Picture:
    """The patch unchanged."""
    return picture


def ringed(picture: Picture, size: tuple[int, int], example: Example) -> Picture:
    """The patch with a ring, white with a dark edge, around the centre of the example's cell.

    ``size`` (width, height) is that of the whole image.
    """
    if not picture.any():
        return picture
    picture, side = picture.copy(), len(picture)
    x, y = in_patch(size, example, side)
    fine = 2**_SUBPIXEL_BITS
    # OpenCV's coordinates start at the centre of the first pixel.
    centre = round((x - 0.5) * fine), round((y - 0.5) * fine)
    radius = round(max(_SMALLEST_RADIUS, side * _RADIUS) * fine)
    width = max(1, round(side * _RADIUS / 5))
    for colour, thickness in ((_DARK, width + 2), (_LIGHT, width)):
        cv2.circle(picture, centre, radius, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return picture


def in_patch(size: tuple[int, int], example: Example, side: int) -> tuple[float, float]:
    """The centre of the example's cell in a patch of ``side`` pixels; ``size`` is that of the image."""
    inside = _inside(size, example.window)
    left, top, width, height = _place(inside, side)
    return (
        left + (example.x - inside.left) * width / (inside.right - inside.left),
        top + (example.y - inside.top) * height / (inside.bottom - inside.top),
    )


def drawing(layer: LayerSize, input_size: tuple[int, int]) -> Draw:
    """How to draw a layer's patches: with a ring if a cell sees more than half of the input on both axes.

    Such a patch is almost the whole image, and only the cell's centre tells where it looks. In other patches
    the centre is the middle; a layer of a single cell has no position.
    """
    is_large = all(2 * field > whole for field, whole in zip(layer.field, input_size, strict=True))
    return ringed if is_large and layer.cells != (1, 1) else plain


def patches(
    channels: Sequence[Sequence[Example]],
    image_of: Callable[[str], Image.Image],
    side: int,
    draw: Draw = plain,
) -> Pictures:
    """The examples of each channel as pictures (K, 9, side, side, 4), transparent if there are fewer.

    ``image_of`` is called once for each sample id; missing or broken images (ImageError) stay empty.
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
        # In deep layers every cell sees the whole image, so patches repeat.
        windows = {example.window for _, example in places}
        cut = {window: patch(image, window, side) for window in windows}
        for position, example in places:
            pictures[position, example.rank] = draw(cut[example.window], image.size, example)
    return pictures


def by_sample_id(images: ImageSet) -> Callable[[str], Image.Image]:
    """A data set's images by sample id; ImageError for a missing or broken one."""
    places = {sample_id: place for place, sample_id in enumerate(images.sample_ids)}

    def image_of(sample_id: str) -> Image.Image:
        if sample_id not in places:
            raise ImageError(f"{images.name!r} on this machine has no sample {sample_id!r}")
        return images.image(places[sample_id])

    return image_of


def in_square(num_images: int) -> int:
    """The number of patches in a square with few empty places: 9, 4 for up to six images, or 1."""
    return round(math.sqrt(min(num_images, NUM_EXAMPLES))) ** 2


def tile(pictures: Pictures) -> Picture:
    """The pictures (k, side, side, 4) of a channel in a square, nine in three rows, the strongest first."""
    side = pictures.shape[1]
    layout = Layout(len(pictures), math.isqrt(len(pictures)), (side, side))
    board = np.zeros((*reversed(layout.size), 4), np.uint8)
    for position, picture in enumerate(pictures):
        x, y = layout.corner(position)
        board[y : y + side, x : x + side] = picture
    return board


def poster_layout(num_channels: int, tile_side: int) -> Layout:
    """A layout of tiles in roughly a square; with many channels, tiles are smaller."""
    columns = math.ceil(math.sqrt(num_channels))
    side = min(tile_side, max(_SMALLEST_TILE, _POSTER_SIDE // columns - GAP - CAPTION))
    return Layout(num_channels, columns, (side, side), CAPTION)


def poster(pictures: Pictures) -> Picture:
    """The tiles of all channels (K, k, side, side, 4) with their indices, as one RGBA picture."""
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


def _inside(size: tuple[int, int], window: Window) -> Window:
    """The part of a window inside an image of ``size`` (width, height); empty if they do not overlap."""
    right, bottom = min(size[0], window.right), min(size[1], window.bottom)
    return Window(max(0, window.left), max(0, window.top), right, bottom)


def _place(inside: Window, side: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of a part scaled to fit its square, centred."""
    factor = side / max(inside.right - inside.left, inside.bottom - inside.top)
    width = max(1, round((inside.right - inside.left) * factor))
    height = max(1, round((inside.bottom - inside.top) * factor))
    return (side - width) // 2, (side - height) // 2, width, height


def _part(image: Image.Image, window: Window, size: tuple[int, int]) -> Image.Image:
    """The part of the image in a window, resized to ``size``."""
    x, y = math.floor(window.left), math.floor(window.top)
    # Cropped first: the resize filter would include pixels outside the box.
    whole = image.crop((x, y, math.ceil(window.right), math.ceil(window.bottom)))
    box = (window.left - x, window.top - y, window.right - x, window.bottom - y)
    return whole.resize(size, Image.Resampling.BICUBIC, box=box)
