"""Reduce images of more than 8 bits per channel to 8, with the same black and white for images of a kind.

Black is 0. White is the largest value of the smallest common depth (8, 10, 12, 14 or 16 bits) that holds all
values, so that a 12-bit scan in a 16-bit file keeps its brightness. All colours share one white; transparency
has its own. Floating-point values may also range from 0 to 1. If a value is below 0 or above 16 bits, the
smallest value becomes black and the largest white. NaN becomes black.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

DEPTHS = (8, 10, 12, 14, 16)
_WHITES = tuple(2**bits - 1 for bits in DEPTHS)
_ROWS = 256  # Rows at a time: floating-point values take eight bytes each.
_INVERTED, _UNSIGNED = 0, 1  # Values of the TIFF tags 262 and 339.


def eight_bit(image: ImageFile.ImageFile, again: Callable[[], ImageFile.ImageFile]) -> Image.Image:
    """The pixels of an opened image with 8 bits per channel; ``again`` opens the same file once more."""
    rawmode = _rawmode(image)
    if image.mode.startswith(("I", "F")):
        return _grey(image)
    if ";16" in rawmode:
        return _coloured(image, again(), rawmode)
    image.load()
    return image.copy()  # Frees the file and its decoder: 400 MB for a large WEBP.


def _grey(image: ImageFile.ImageFile) -> Image.Image:
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    is_inverted, is_unsigned = tags.get(262) == _INVERTED, tags.get(339, (_UNSIGNED,)) == (_UNSIGNED,)
    image.load()
    values = np.asarray(image)
    if values.dtype == np.int32 and tags and is_unsigned:
        values = values.view(np.uint32)  # Pillow has no unsigned mode.
    grey = _narrowed(values) if values.dtype.itemsize == 2 else _scaled(values)
    if is_inverted:
        grey = 255 - grey
    info = image.info.copy()
    if (key := info.pop("transparency", None)) is not None:
        grey[values == key] = 255
    return _like(Image.fromarray(grey), info)


def _scaled(values: NDArray[Any]) -> NDArray[np.uint8]:
    low, high = _range(values)
    scale = 255 / ((high - low) or 1)
    narrow = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), _ROWS):
        rows = slice(start, start + _ROWS)
        with np.errstate(all="ignore"):
            scaled = np.clip(values[rows].astype(np.float64) * scale + (0.5 - low * scale), 0, 255)
        narrow[rows] = np.nan_to_num(scaled, copy=False, nan=0)
    return narrow


def _range(values: NDArray[Any]) -> tuple[float, float]:
    """The values that become black and white."""
    if values.dtype.kind == "f":
        finite, whites = np.isfinite(values), (1, *_WHITES)
        low = float(np.min(values, where=finite, initial=math.inf))
        high = float(np.max(values, where=finite, initial=-math.inf))
    else:
        low, high, whites = float(values.min()), float(values.max()), _WHITES
    return next(((0.0, float(white)) for white in whites if low >= 0 and high <= white), (low, high))


def _coloured(image: ImageFile.ImageFile, twin: ImageFile.ImageFile, rawmode: str) -> Image.Image:
    """16 bits per channel, of which Pillow reads the upper 8; ``twin``, the same file, gives the lower 8."""
    whole = rawmode.replace("RGBa", "RGBA")  # Else Pillow divides by the alpha, in 8 bits.
    _load(image, whole)
    _load(twin, whole if whole.startswith("LA") else _swapped(whole))  # Pillow has only one byte order of LA.
    wide = np.asarray(image).astype(np.uint16) << 8
    wide |= np.asarray(twin)
    info = image.info.copy()
    key = info.pop("transparency", None)
    if rawmode.startswith("RGBa"):
        return _like(Image.fromarray(_narrowed(wide), "RGBa").convert("RGBA"), info)
    narrow = _narrowed(wide)
    if image.mode == "RGBA":
        narrow = np.dstack([_narrowed(wide[..., :3]), _narrowed(wide[..., 3:])])
    elif key is not None:
        narrow[(wide == key).all(axis=2)] = 255
    return _like(Image.fromarray(narrow, image.mode), info)


def _rawmode(image: ImageFile.ImageFile) -> str:
    """Pillow's name for the layout of the file's bytes: ``RGB;16B``."""
    args = image.tile[0].args if image.tile else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def _swapped(rawmode: str) -> str:
    """The same layout in the other byte order, which reads the lower 8 bits as the upper ones."""
    native = "L" if sys.byteorder == "little" else "B"
    return rawmode[:-1] + ("B" if rawmode[-1].replace("N", native) == "L" else "L")


def _load(image: ImageFile.ImageFile, rawmode: str) -> None:
    image.tile = [
        tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
        for tile in image.tile
    ]
    image.load()


def _narrowed(wide: NDArray[Any]) -> NDArray[np.uint8]:
    """16-bit integers as 8-bit ones."""
    brightest = int(wide.max())
    white = next(white for white in _WHITES if brightest <= white)
    table = np.clip(np.arange(2**16) * (255 / white) + 0.5, 0, 255).astype(np.uint8)
    narrow: NDArray[np.uint8] = table[wide]
    return narrow


def _like(image: Image.Image, info: dict[str | tuple[int, int], Any]) -> Image.Image:
    image.info = info  # Holds the EXIF orientation.
    return image
