"""Any photos below a folder, without labels: enough to look at, not to learn from."""

from pathlib import Path

from core.data.image_set import ImageSet
from core.data.sources import listing
from core.data.sources.listing import Listing

NO_CLASS = ""


def photos_below(folder: Path) -> ImageSet:
    """All images at any depth, in natural order, of one class without a name.

    Raises:
        DataError: there are none, or one of them cannot be read.
    """
    names = list(listing.images_below(folder))
    return listing.image_set("photos", folder, Listing((NO_CLASS,), names, [0] * len(names)))
