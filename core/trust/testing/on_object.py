"""Do the maps of a photo lie on its object? For photos whose object is marked by a mask or a box."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from torch import Tensor

from core.data.image_set import ImageSet
from core.data.object_masks import mask_of_image
from core.data.sources.masks import Mask, mask_of
from core.errors import CoreError
from core.explain.trust.localisation import Localisation, localisation
from core.images.preprocess import Preprocess

Size = tuple[int, int]


def known_mask(images: ImageSet, index: int, size: Size, folder: Path | None) -> Mask | None:
    """The mask of an image of ``size`` (width, height): from a folder of masks, or from the data set.

    None where there is none. A damaged mask beside the photo counts as none, since it was not asked for.

    Raises:
        CoreError: the mask in ``folder`` cannot be used; see `mask_of`.
    """
    photo = images.path(index)
    if folder is not None:
        return None if photo is None else mask_of(photo, size, folder)
    with suppress(CoreError):
        return mask_of_image(images, index, size)
    return None


def on_object(
    heatmaps: Sequence[Tensor], preprocess: Preprocess, size: Size, mask: Mask | None
) -> list[Localisation | None]:
    """How each heat map (h, w) of a photo of ``size`` overlaps with its object, on the upright photo.

    None where the photo has no mask, or where the network saw nothing of the object.
    """
    if mask is None:
        return [None] * len(heatmaps)
    return [_overlap(each, preprocess, size, mask) for each in heatmaps]


def _overlap(heat: Tensor, preprocess: Preprocess, size: Size, mask: Mask) -> Localisation | None:
    on_photo = preprocess.on_image(heat.clamp(min=0).cpu().numpy(), size)
    on_photo[~mask.sure] = np.nan
    seen = ~np.isnan(on_photo)
    return localisation(on_photo, mask.inside) if (seen & mask.inside).any() else None
