"""Any folder of images: a subfolder for each class, perhaps below train, val and test."""

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
    """The images of a folder, read in the way that ``layout`` names; see `layouts.understand`.

    Raises:
        LayoutError: it can be read in several ways.
        DataError: it has no class folders, or its files cannot be read.
    """
    read = layouts.understand(folder, layout=layout, known=known).reading
    found = Listing(
        class_names=read.class_names,
        sample_ids=read.sample_ids,
        labels=read.labels,
        groups=read.groups,
        published=read.splits if read.parts else None,
        left_out=read.left_out,
        empty=read.empty,
        layout=layout,
    )
    images = listing.image_set("folder", read.root, found)
    return images if read.groups is None else _with_groups(images, read.groups)


def _with_groups(images: ImageSet, groups: Sequence[str]) -> ImageSet:
    """With a fingerprint that is of the groups too, as they decide how the images are split."""
    known = "\n".join([images.fingerprint, *groups])
    return replace(images, fingerprint=hashlib.blake2b(known.encode(), digest_size=16).hexdigest())


SOURCE = Source(
    name="folder",
    title="Your own images: a folder for each class",
    where="your own files: DIR/CLASS/IMAGE or DIR/train/CLASS/IMAGE, also with val and test next to train",
    find=_find,
    load=load,
)
