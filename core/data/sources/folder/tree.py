"""All that lies below a folder, looked at once: images, folders, and what is neither, with the reason."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core import files, places
from core.data.image_set import LeftOut
from core.data.sources.folder import listing
from core.errors import DataError

CYCLE = "links to a folder above them"
TWICE = "links to a folder that another link leads to"
FORBIDDEN = "links out of the folders that may be opened here"
CLOSED = "folders without permission to read"
DEEP = "folders nested too deep"
_MAX_DEPTH = 100  # From the root of the disk.
# Files there are made as they are read, and some never end.
_MACHINE = frozenset(("/proc", "/sys", "/dev"))
_EXAMPLES = 20  # Paths of each reason.
_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Odd:
    """An entry that does not count: why, its path below the folder it lies in, and how many files it is."""

    reason: str
    path: str
    num_files: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """A folder: names of images in natural order, folders likewise, what is neither, images at any depth.

    The root has no name. ``identity`` is the disk's; ``is_linked``: a link leads to it, or to one above it.
    """

    name: str
    images: tuple[str, ...]
    folders: tuple["Folder", ...]
    odd: tuple[Odd, ...]
    num_images: int
    identity: _Identity = (0, 0)
    is_linked: bool = False

    @property
    def full(self) -> tuple["Folder", ...]:
        """The folders in it that hold an image at any depth."""
        return tuple(each for each in self.folders if each.num_images)


def scan(root: Path) -> Folder:
    """What lies below a folder. Links to folders are followed, but never round in a circle.

    Raises:
        FileError: the folder itself cannot be read, or its disk does not answer.
    """
    with files.reading(root):
        above = [place.stat() for place in reversed(root.resolve().parents)]
        found = _folder(root, "", tuple((each.st_dev, each.st_ino) for each in above), set())
    return _with_links(found, root)


def images_of(folder: Folder, prefix: str = "") -> Iterator[str]:
    """Paths of all images, those of a folder before those of its folders; ``prefix`` ends in a slash."""
    yield from (prefix + name for name in folder.images)
    for each in folder.folders:
        yield from images_of(each, f"{prefix}{each.name}/")


def odd_of(folder: Folder, prefix: str = "") -> Iterator[Odd]:
    """All that does not count, with whole paths."""
    yield from (Odd(each.reason, prefix + each.path, each.num_files) for each in folder.odd)
    for each in folder.folders:
        yield from odd_of(each, f"{prefix}{each.name}/")


def by_reason(odds: Iterable[Odd]) -> tuple[LeftOut, ...]:
    """Numbers of files for each reason, the largest first, with the first paths."""
    numbers: dict[str, int] = {}
    examples: dict[str, list[str]] = {}
    for each in odds:
        numbers[each.reason] = numbers.get(each.reason, 0) + each.num_files
        shown = examples.setdefault(each.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(each.path.encode(errors="surrogateescape").decode(errors="backslashreplace"))
    order = sorted(numbers, key=lambda reason: (-numbers[reason], reason))
    return tuple(LeftOut(reason, numbers[reason], tuple(examples[reason])) for reason in order)


def _with_links(folder: Folder, path: Path, *, is_linked: bool = False) -> Folder:
    """The same, in which each folder knows whether it is behind a link."""
    folders = tuple(
        _with_links(each, inner, is_linked=is_linked or inner.is_symlink())
        for each in folder.folders
        for inner in [path / each.name]
    )
    return replace(folder, folders=folders, is_linked=is_linked)


def _folder(path: Path, name: str, above: tuple[_Identity, ...], linked: set[_Identity]) -> Folder:
    about = path.stat()
    above = (*above, (about.st_dev, about.st_ino))
    with os.scandir(path) as found:
        entries = list(found)
    images: list[str] = []
    odd: list[Odd] = []
    folders: list[Folder] = []
    for entry in entries:
        if not listing.is_folder(entry):
            reason = listing.reason_against(entry)
            images.append(entry.name) if reason is None else odd.append(Odd(reason, entry.name))
            continue
        within = _within(entry, above, linked)
        folders.append(within) if isinstance(within, Folder) else odd.append(within)
    # By the bytes first: Unicode forms of one name are equal to the natural order.
    images = sorted(sorted(images), key=listing.natural)
    folders.sort(key=lambda each: (listing.natural(each.name), each.name))
    num_images = len(images) + sum(each.num_images for each in folders)
    return Folder(name, tuple(images), tuple(folders), tuple(odd), num_images, above[-1])


def _within(entry: os.DirEntry[str], above: tuple[_Identity, ...], linked: set[_Identity]) -> Folder | Odd:
    """A folder in another one, or why it is not looked into."""
    reason = _reason_against(entry, above, linked)
    if reason in {listing.NOT_UTF8, listing.SYSTEM}:
        return Odd(reason, entry.name, _num_files(entry.path))
    if reason is not None:
        return Odd(reason, entry.name)
    try:
        return _folder(Path(entry.path), entry.name, above, linked)
    except PermissionError:
        return Odd(CLOSED, entry.name)
    except FileNotFoundError as error:  # It was there a moment ago.
        raise DataError(
            f"{entry.path!r} has just gone; look whether its disk is there, and try again"
        ) from error


def _reason_against(
    entry: os.DirEntry[str], above: tuple[_Identity, ...], linked: set[_Identity]
) -> str | None:
    if not listing.is_utf8(entry.name):
        return listing.NOT_UTF8
    if listing.is_system(entry.name) or entry.path in _MACHINE:
        return listing.SYSTEM
    if len(above) > _MAX_DEPTH:
        return DEEP
    return _reason_against_link(entry, above, linked) if entry.is_symlink() else None


def _reason_against_link(
    entry: os.DirEntry[str], above: tuple[_Identity, ...], linked: set[_Identity]
) -> str | None:
    target = Path(entry.path).resolve()
    if not places.may_be_opened(target) or any(target.is_relative_to(each) for each in _MACHINE):
        return FORBIDDEN
    about = entry.stat()
    identity = (about.st_dev, about.st_ino)
    if identity in above:
        return CYCLE
    if identity in linked:
        return TWICE
    linked.add(identity)
    return None


def _num_files(path: str) -> int:
    """Files below a folder that is not looked into; no link is followed, and what cannot be read is none."""
    return sum(len(names) for _, _, names in os.walk(path))
