"""Where the object of a photo is, for data that say so: masks, trimaps and boxes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import images
from core.data.sources.boxes import Size, listed_box
from core.data.sources.folder.listing import SUFFIXES
from core.errors import DataError

Pixels = NDArray[np.bool_]

_OBJECT, _OUTLINE = 1, 3  # In a trimap of Oxford-IIIT Pet; 2 is the background.


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The pixels of an object, and those that are surely object or background, each boolean (H, W)."""

    inside: Pixels
    sure: Pixels


def mask_of(photo: Path, size: Size, folder: Path | None = None) -> Mask | None:
    """The mask of a photo: from a folder of masks, or from what lies beside it; None without one.

    Beside a photo are the trimaps of Oxford-IIIT Pet, whose outline is not sure, and the tables of boxes of
    GTSRB, in its authors' layout and in Kaggle's.

    Args:
        photo: the photo's file.
        size: width and height of the upright photo.
        folder: masks with the photos' names, whatever the ending, in the folder or in folders with the names
            of the photos' folders. Every colour but black is the object.

    Raises:
        DataError: the mask is of another size, or the table of boxes is damaged.
        FileError: the table cannot be read.
        ImageError: the mask's file is broken.
    """
    if folder is not None:
        drawn = _drawn(photo, folder)
        return None if drawn is None else _of_colours(drawn, size)
    trimap = photo.parent.parent / "annotations" / "trimaps" / f"{photo.stem}.png"
    return _of_trimap(trimap, size) if trimap.is_file() else _of_box(photo, size)


def _drawn(photo: Path, folder: Path) -> Path | None:
    places = (folder / photo.parent.name, folder)
    named = (place / f"{photo.stem}{suffix}" for place in places for suffix in SUFFIXES)
    return next((path for path in named if path != photo and path.is_file()), None)


def _of_colours(path: Path, size: Size) -> Mask:
    inside = _pixels(path, size).max(2) > 0
    return Mask(inside, np.ones_like(inside))


def _of_trimap(path: Path, size: Size) -> Mask:
    kinds = _pixels(path, size)[..., 0]
    return Mask(kinds == _OBJECT, kinds != _OUTLINE)


def _pixels(path: Path, size: Size) -> NDArray[np.uint8]:
    """Red, green and blue (H, W, 3)."""
    mask = images.read(path)
    _refuse_another_size(mask.size, size, path)
    return np.asarray(mask)


def _of_box(photo: Path, size: Size) -> Mask | None:
    box = listed_box(photo)
    if box is None:
        return None
    _refuse_another_size(box.size, size, photo)
    inside = np.zeros((size[1], size[0]), np.bool_)
    inside[box.top : box.bottom, box.left : box.right] = True
    return Mask(inside, np.ones_like(inside))


def _refuse_another_size(given: Size, size: Size, path: Path) -> None:
    if given != size:
        sides = (" × ".join(map(str, each)) for each in (given, size))
        raise DataError(
            "the mask or box of {!r} is for {} pixels; the photo has {}".format(str(path), *sides)
        )
