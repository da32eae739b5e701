"""A folder with a subfolder for each class, perhaps inside train, val and test."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.data.image_set import ImageSet
from core.data.sources.folder import layout as layouts
from core.data.sources.folder import listing
from core.data.sources.folder.listing import Listing
from core.data.sources.source import Source


def _find(folder: Path) -> Path | None:
    return folder if listing.subfolders(folder) else None


def load(folder: Path, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The images of a folder, read as ``layout`` says; see `layouts.understand`.

    Raises:
        LayoutError: the folder can be read in several ways.
        DataError: it has no class folders, or its files cannot be read.
    """
    read = layouts.understand(folder, layout=layout, known=known).reading
    files_of_classes = Listing(
        class_names=read.class_names,
        sample_ids=read.sample_ids,
        labels=read.labels,
        groups=read.groups,
        published=read.splits if read.parts else None,
        left_out=read.left_out,
        empty=read.empty,
        layout=layout,
    )
    images = listing.image_set("folder", read.root, files_of_classes)
    return images if read.groups is None else with_groups(images, read.groups)


def with_groups(images: ImageSet, groups: Sequence[str]) -> ImageSet:
    """The same images with a fingerprint that includes the groups, which determine the split."""
    known = "\n".join([images.fingerprint, *groups])
    return replace(images, fingerprint=hashlib.blake2b(known.encode(), digest_size=16).hexdigest())


SOURCE = Source(
    name="folder",
    title="Your own images: a folder for each class",
    where="your own files: DIR/CLASS/IMAGE or DIR/train/CLASS/IMAGE, also with val and test next to train",
    find=_find,
    load=load,
)
