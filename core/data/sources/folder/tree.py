"""Everything below a folder, from one scan: images, folders, and other entries with the reason."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core import files
from core.data.image_set import LeftOut
from core.data.sources.folder import listing
from core.errors import DataError
from core.files import places

CYCLE = "links to a folder above them"
TWICE = "links to a folder that another link leads to"
FORBIDDEN = "links out of the folders that may be opened here"
CLOSED = "folders without permission to read"
DEEP = "folders nested too deeply"
_MAX_DEPTH = 100  # Counted from the root of the disk.
# Virtual files, which are created as they are read; some never end.
_MACHINE = frozenset(("/proc", "/sys", "/dev"))
_EXAMPLES = 20  # Paths that are kept for each reason.
_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Odd:
    """An entry that is left out: the reason, its path below its folder, and its number of files."""

    reason: str
    path: str
    num_files: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """A folder: its images and folders in natural order, other entries, and its images at any depth.

    The root has no name. ``identity`` is the file system's. ``is_linked``: it, or a folder above it, is
    behind a link.
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
        """The subfolders that have an image at any depth."""
        return tuple(each for each in self.folders if each.num_images)


def scan(root: Path) -> Folder:
    """Scan everything below a folder. Links to folders are followed, but not in cycles.

    Raises:
        FileError: the folder itself cannot be read, or its disk does not respond.
    """
    with files.reading(root):
        above = [place.stat() for place in reversed(root.resolve().parents)]
        top = _folder(root, "", tuple((each.st_dev, each.st_ino) for each in above), set())
    return _with_links(top, root)


def images_of(folder: Folder, prefix: str = "") -> Iterator[str]:
    """The paths of all images, a folder's own before those of its subfolders; ``prefix`` ends in a slash."""
    yield from (prefix + name for name in folder.images)
    for each in folder.folders:
        yield from images_of(each, f"{prefix}{each.name}/")


def odd_of(folder: Folder, prefix: str = "") -> Iterator[Odd]:
    """All entries that are left out, with whole paths."""
    yield from (Odd(each.reason, prefix + each.path, each.num_files) for each in folder.odd)
    for each in folder.folders:
        yield from odd_of(each, f"{prefix}{each.name}/")


def by_reason(odds: Iterable[Odd]) -> tuple[LeftOut, ...]:
    """The number of files for each reason that left some out, the largest first, with their first paths."""
    numbers: dict[str, int] = {}
    examples: dict[str, list[str]] = {}
    for each in filter(lambda odd: odd.num_files, odds):
        numbers[each.reason] = numbers.get(each.reason, 0) + each.num_files
        shown = examples.setdefault(each.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(each.path.encode(errors="surrogateescape").decode(errors="backslashreplace"))
    order = sorted(numbers, key=lambda reason: (-numbers[reason], reason))
    return tuple(LeftOut(reason, numbers[reason], tuple(examples[reason])) for reason in order)


def _with_links(folder: Folder, path: Path, *, is_linked: bool = False) -> Folder:
    """The same tree with ``is_linked`` set."""
    folders = tuple(
        _with_links(each, inner, is_linked=is_linked or inner.is_symlink())
        for each in folder.folders
        for inner in [path / each.name]
    )
    return replace(folder, folders=folders, is_linked=is_linked)


def _folder(path: Path, name: str, above: tuple[_Identity, ...], linked: set[_Identity]) -> Folder:
    about = path.stat()
    above = (*above, (about.st_dev, about.st_ino))
    with os.scandir(path) as listed:
        entries = list(listed)
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
    # By name first: Unicode forms of one name are equal in natural order.
    images = sorted(sorted(images), key=listing.natural)
    folders.sort(key=lambda each: (listing.natural(each.name), each.name))
    num_images = len(images) + sum(each.num_images for each in folders)
    return Folder(name, tuple(images), tuple(folders), tuple(odd), num_images, above[-1])


def _within(entry: os.DirEntry[str], above: tuple[_Identity, ...], linked: set[_Identity]) -> Folder | Odd:
    """A subfolder, or the reason to leave it out."""
    reason = _reason_against(entry, above, linked)
    if reason in {listing.NOT_UTF8, listing.SYSTEM}:
        return Odd(reason, entry.name, _num_files(entry.path))
    if reason is not None:
        return Odd(reason, entry.name)
    try:
        return _folder(Path(entry.path), entry.name, above, linked)
    except PermissionError:
        return Odd(CLOSED, entry.name)
    except FileNotFoundError as error:  # It existed a moment ago.
        raise DataError(
            f"{entry.path!r} has just disappeared; check that its disk is connected, and try again"
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
    """The number of files below a folder that is left out, without following links."""
    return sum(len(names) for _, _, names in os.walk(path))
