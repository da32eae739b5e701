"""Images directly in a folder, all of one class that a network knows: ``cat/1.jpg`` or ``cat_1.jpg``."""

from collections.abc import Sequence
from pathlib import Path

from core.data.image_set import ImageSet
from core.data.sources.folder import file_names, listing, roles
from core.data.sources.folder.listing import Listing


def images_of(folder: Path, known: Sequence[str]) -> ImageSet | None:
    """The images, if their names or their folder's name are one of the ``known`` classes; else None.

    Also None for a folder of class folders, and for images named for several classes.
    """
    names = listing.images_in(folder) if known else []
    if (
        not names
        or file_names.fits(folder)
        or any(_has_images(folder / each) for each in listing.subfolders(folder))
    ):
        return None
    labels = {file_names.label_of(each) for each in names}
    of_names = labels.pop() if len(labels) == 1 else None
    classes = {roles.folded(name) for name in known}
    class_name = next(
        (each for each in (of_names, folder.resolve().name) if each and roles.folded(each) in classes), None
    )
    if class_name is None:
        return None
    return listing.image_set("folder", folder, Listing((class_name,), names, [0] * len(names)))


def _has_images(folder: Path) -> bool:
    return any(listing.is_image(entry) for entry in listing.visible(folder))
