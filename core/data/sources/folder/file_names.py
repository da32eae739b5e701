"""Labels in file names: ``cat.0.jpg``, ``cat_0.jpg`` or ``cat-0.jpg``, in a folder or its train or images."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from core.data.image_set import ImageSet
from core.data.sources.folder import listing, roles
from core.data.sources.folder.listing import Listing
from core.data.sources.source import Source
from core.errors import DataError

_NUMBERED = re.compile(r"(.+)[._-]\d+\.[^.]+")
_PLACES = (".", "train", "images")
# Words that cameras and programs put before a number; they are not labels.
_CAMERAS = frozenset(
    listing.words(
        "img dsc dscn dscf dscx pxl image photo picture frame screenshot scan mvi gopr p imag wp sam"
    )
)
_ENOUGH = 1_000  # Names that `fits` checks, once it has seen two labels; it trusts the rest.


def label_of(file_name: str) -> str | None:
    """The part before the last separator and number, ``cat`` in ``cat.0.jpg``; None without them."""
    match = _NUMBERED.fullmatch(file_name)
    return match and match[1]


def fits(folder: Path, label: Callable[[str], str | None] = label_of) -> bool:
    """Whether the names of the images here have at least two labels; reads as few names as needed."""
    labels: set[str] = set()
    names = (entry.name for entry in listing.visible(folder) if listing.is_image(entry))
    for count, name in enumerate(names):
        label_of_name = label(name)
        if label_of_name is None:
            return False
        labels.add(label_of_name)
        if count >= _ENOUGH and len(labels) > 1:
            break
    return len(labels) > 1 and not {each.casefold() for each in labels} <= _CAMERAS


def _fits(folder: Path) -> bool:
    """Whether labels are in the file names, and there are no class folders beside the images."""
    return fits(folder) and sum(not roles.splits_of([name]) for name in _folders_of_images(folder)) < 2


def _folders_of_images(folder: Path) -> Iterator[str]:
    for name in listing.subfolders(folder):
        if any(listing.is_image(entry) for entry in listing.visible(folder / name)):
            yield name


def images_named(name: str, folder: Path, label: Callable[[str], str | None] = label_of) -> ImageSet:
    """The images of a folder that `fits`.

    Raises:
        DataError: A name has no label, or all names have the same label.
    """
    file_names = listing.images_in(folder)
    class_names, labels = listing.indexed([_labelled(each, label, folder) for each in file_names])
    if len(class_names) == 1:
        raise DataError(f"{str(folder)!r} has only the label {class_names[0]!r}; expected two or more")
    return listing.image_set(name, folder, Listing(class_names, file_names, labels))


def _labelled(file_name: str, label: Callable[[str], str | None], folder: Path) -> str:
    label_of_name = label(file_name)
    if label_of_name is None:
        raise DataError(
            f"got {file_name!r} in {str(folder)!r}; expected names like 'cat.0.jpg' or 'cat_0.jpg'"
        )
    return label_of_name


SOURCE = Source(
    name="names",
    title="Your own images, labelled by file name: cat.0.jpg, dog_17.png",
    where="your own files: DIR/cat.0.jpg or DIR/train/cat.0.jpg",
    find=lambda folder: listing.first_place(folder, _PLACES, _fits),
    load=lambda folder: images_named("names", folder),
)
