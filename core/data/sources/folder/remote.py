"""Folders of images on any file system that pyarrow reads, by their address: ``s3://bucket/photos``.

They are read as folders on this machine are, in any layout. Only file names tell what an image is: a file
without an image's ending is not opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow.fs import FileSelector, FileSystem, FileType

from core import images
from core.data.image_set import MOST_BYTES, ImageSet, fingerprint_of
from core.data.sources.folder import class_folders, listing
from core.data.sources.folder.layout import understand
from core.data.sources.folder.tree import Folder, Odd
from core.errors import AwayImageError, DataError
from core.images.limits import own


def is_address(place: str) -> bool:
    """Whether this names a place on some file system, such as ``s3://bucket/photos``, not a local path."""
    return "://" in place


def open_address(address: str, *, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The images of the folder at an address; raises as `open_remote`.

    Its errors are of the file system's own words: a wrong address, no permission, no network.
    """
    try:
        system, path = FileSystem.from_uri(address)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot open {address!r}: {error}") from error
    return open_remote(system, path, address, layout=layout, known=known)


def open_remote(
    system: FileSystem, path: str, address: str, *, layout: str = "", known: Sequence[str] = ()
) -> ImageSet:
    """The images of the folder ``path`` of a file system; messages name it by its ``address``.

    Raises:
        LayoutError: the folder can be read in several ways.
        DataError: it has no class folders, or cannot be read.
    """
    base = path.rstrip("/")
    try:
        sizes = _sizes(system, base)
        return _image_set(system, base, sizes, layout, known)
    except OSError as error:
        raise DataError(f"cannot read {address!r}: {error}") from error


def _image_set(
    system: FileSystem, base: str, sizes: Mapping[str, int], chosen: str, known: Sequence[str]
) -> ImageSet:
    top = _folder("", {PurePosixPath(name).parts: name for name in sizes})
    read = understand(Path(base), layout=chosen, known=known, scanned=top).reading
    inside = read.root.relative_to(base).as_posix()
    files = RemoteFiles(system, read.root.as_posix(), read.sample_ids)
    labels = np.array(read.labels, np.int64)
    prefix = "" if inside == "." else f"{inside}/"
    fingerprint = fingerprint_of(
        read.sample_ids, labels, lambda name: sizes[prefix + name], lambda name: iter([files.content(name)])
    )
    opened = ImageSet(
        name=PurePosixPath(base).name,
        class_names=read.class_names,
        labels=labels,
        sample_ids=read.sample_ids,
        image=files,
        fingerprint=fingerprint,
        groups=None if read.groups is None else listing.numbered(read.groups),
        published=np.array(read.splits) if read.parts else None,
        left_out=read.left_out,
        empty=read.empty,
        layout=chosen,
    )
    return opened if read.groups is None else class_folders.with_groups(opened, read.groups)


@dataclass(frozen=True, slots=True, eq=False)
class RemoteFiles:
    """Images in files below a folder of a file system: from index to upright RGB image."""

    system: FileSystem
    root: str
    sample_ids: Sequence[str]

    def __call__(self, index: int) -> Image.Image:
        """The image; AwayImageError if the file cannot be read now, ImageError if it is broken."""
        limits, name = own(), self.sample_ids[index]
        try:
            content = self.content(name, limits.max_bytes + 1)
        except OSError as error:
            raise AwayImageError(f"cannot read {name!r}: {error}") from error
        return images.upright_rgb(content, limits)

    def content(self, name: str, most: int = MOST_BYTES) -> bytes:
        """The first bytes of a file, at most ``most``."""
        with self.system.open_input_file(f"{self.root}/{name}") as file:
            content: bytes = file.read(most)
        return content


def _sizes(system: FileSystem, base: str) -> dict[str, int]:
    """The size of each file below the folder, by its path from there."""
    infos: list[Any] = system.get_file_info(FileSelector(base, recursive=True))
    return {info.path[len(base) :].lstrip("/"): info.size for info in infos if info.type == FileType.File}


def _folder(name: str, files: Mapping[tuple[str, ...], str]) -> Folder:
    """A folder with these files, by the parts of their paths."""
    within: dict[str, dict[tuple[str, ...], str]] = {}
    names: list[str] = []
    for (first, *others), path in files.items():
        if others:
            within.setdefault(first, {})[tuple(others)] = path
        else:
            names.append(first)
    reasons = {each: listing.reason_against_name(each) for each in names}
    found = sorted(sorted(each for each, reason in reasons.items() if reason is None), key=listing.natural)
    odd = [Odd(reason, each) for each, reason in reasons.items() if reason is not None]
    hidden = [each for each in within if listing.is_system(each)]
    odd += [Odd(listing.SYSTEM, each, len(within.pop(each))) for each in hidden]
    folders = [_folder(each, inner) for each, inner in within.items()]
    folders.sort(key=lambda each: (listing.natural(each.name), each.name))
    num_images = len(found) + sum(each.num_images for each in folders)
    return Folder(name, tuple(found), tuple(folders), tuple(odd), num_images)
