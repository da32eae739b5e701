"""Photos without labels: enough for explanations, not for training."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.image_set import ImageSet
from core.data.sources.folder import listing, tree
from core.data.sources.folder.listing import Listing

NO_CLASS = ""


def photos_below(folder: Path) -> ImageSet:
    """All images below a folder, in natural order, as one class without a name.

    Raises:
        DataError: there are no images, or one of them cannot be read.
        FileError: the folder cannot be read.
    """
    names = list(tree.images_of(tree.scan(folder)))
    return listing.image_set("photos", folder, Listing((NO_CLASS,), names, [0] * len(names)))


def photos_at_hand(names: Sequence[str], image: Callable[[int], Image.Image], fingerprint: str) -> ImageSet:
    """Photos in memory: ``image`` gives each by its index; names are unique."""
    return ImageSet("photos", (NO_CLASS,), np.zeros(len(names), np.int64), names, image, fingerprint)
