"""Files of images below a folder: which count, in which order, and the image set they make."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.image_set import Files, ImageSet, fingerprint_of_files
from core.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ppm", ".pgm")


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """What was found, N files: paths below the root, labels, names of groups, the publisher's split."""

    class_names: tuple[str, ...]
    sample_ids: list[str]
    labels: list[int]
    groups: list[str] | None = None
    published: list[str] | None = None


def image_set(name: str, root: Path, listing: Listing) -> ImageSet:
    """The images of a listing, with their fingerprint.

    Raises:
        DataError: There are none, or one of them cannot be read.
    """
    if not listing.sample_ids:
        raise DataError(f"no image in {str(root)!r}; expected files that end in {', '.join(SUFFIXES)}")
    labels = np.array(listing.labels, np.int64)
    try:
        fingerprint = fingerprint_of_files(root, listing.sample_ids, labels)
    except OSError as error:
        msg = f"cannot read {error.filename!r}, which {name} should have; unpack or download it again"
        raise DataError(msg) from error
    return ImageSet(
        name=name,
        class_names=listing.class_names,
        labels=labels,
        sample_ids=listing.sample_ids,
        image=Files(root, listing.sample_ids),
        fingerprint=fingerprint,
        root=root,
        groups=None if listing.groups is None else numbered(listing.groups),
        published=None if listing.published is None else np.array(listing.published),
    )


def indexed(classes: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The distinct class names in natural order, and the index of each given one among them."""
    class_names = tuple(sorted(set(classes), key=natural))
    index = {class_name: number for number, class_name in enumerate(class_names)}
    return class_names, [index[each] for each in classes]


def numbered(values: Iterable[str | int]) -> NDArray[np.int64]:
    """The number of each value (N,) among the distinct ones, in sorted order."""
    return np.unique(np.array(list(values)), return_inverse=True)[1].astype(np.int64)


def natural(text: str) -> tuple[list[str | int], str]:
    """A sort key by which ``2`` precedes ``10`` and case comes last."""
    parts = re.split(r"(\d+)", text.casefold())
    return [int(part) if odd % 2 else part for odd, part in enumerate(parts)], text


def is_image(name: str) -> bool:
    """Whether a file of this name counts as an image."""
    return not _hidden(name) and name.lower().endswith(SUFFIXES)


def visible(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, in no order; nothing if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not _hidden(entry.name))
    except (OSError, ValueError):
        return


def subfolders(folder: Path) -> list[str]:
    """Names, in natural order."""
    return sorted((entry.name for entry in visible(folder) if entry.is_dir()), key=natural)


def has_images(folder: Path) -> bool:
    """Whether an image lies directly in the folder; stops at the first."""
    return any(is_image(entry.name) for entry in visible(folder))


def images_in(folder: Path) -> list[str]:
    """Names of the images directly in a folder, in natural order."""
    return sorted((entry.name for entry in visible(folder) if is_image(entry.name)), key=natural)


def images_below(folder: Path) -> Iterator[str]:
    """Paths of the images at any depth, relative and with forward slashes, in natural order."""
    for top, folders, _ in os.walk(folder):
        folders[:] = sorted((name for name in folders if not _hidden(name)), key=natural)
        place = Path(top)
        prefix = "" if place == folder else f"{place.relative_to(folder).as_posix()}/"
        yield from (f"{prefix}{name}" for name in images_in(place))


def first_place(folder: Path, places: Iterable[str], fits: Callable[[Path], bool]) -> Path | None:
    """The first of some paths below a folder that fits; one that cannot be read does not."""
    return next((folder / place for place in places if _quietly(fits, folder / place)), None)


def _quietly(fits: Callable[[Path], bool], place: Path) -> bool:
    try:
        return fits(place)
    except (OSError, ValueError):  # No permission, a name too long for the file system.
        return False


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
