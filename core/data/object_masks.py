"""Where the object of each image of a data set is: from the data set itself, or from beside the photo."""

from contextlib import suppress

import numpy as np

from core.data.image_set import ImageSet
from core.data.sources.boxes import Size
from core.data.sources.masks import Mask, mask_of
from core.errors import CoreError

_LOOKED_AT = 25  # Images, to tell whether a data set has masks.


def mask_of_image(images: ImageSet, index: int, size: Size) -> Mask | None:
    """The mask of an image of ``size`` (width, height); None without one.

    Raises:
        CoreError: what marks the object beside the photo is damaged; see `mask_of`.
    """
    if images.mask is not None:
        inside = images.mask(index)
        return Mask(inside, np.ones_like(inside))
    path = images.path(index)
    return None if path is None else mask_of(path, size)


def have_masks(images: ImageSet) -> bool:
    """Whether the objects are marked, judging by a few images, evenly spread."""
    if images.mask is not None:
        return True
    places = np.linspace(0, len(images) - 1, min(_LOOKED_AT, len(images))).astype(int)
    return any(_is_marked(images, int(index)) for index in places)


def _is_marked(images: ImageSet, index: int) -> bool:
    with suppress(CoreError):
        return mask_of_image(images, index, images.image(index).size) is not None
    return False
