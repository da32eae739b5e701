"""Photos of ImageNet in one folder, each named for its class in WordNet: ``n02123045_tabby.JPEG``."""

import re
from pathlib import Path

from core.data.sources.folder import file_names, listing
from core.data.sources.source import Source

_NAMED = re.compile(r"(n\d{8})_.+\.[^.]+")
_PLACES = (".", "val", "train")


def synset_of(file_name: str) -> str | None:
    """The part before the first underscore, ``n02123045``; None for other names."""
    match = _NAMED.fullmatch(file_name)
    return match and match[1]


def _fits(folder: Path) -> bool:
    return file_names.fits(folder, synset_of)


SOURCE = Source(
    name="synsets",
    title="Photos of ImageNet, named for their synsets: n02123045_tabby.JPEG",
    where="your own files: DIR/n02123045_tabby.JPEG",
    find=lambda folder: listing.first_place(folder, _PLACES, _fits),
    load=lambda folder: file_names.images_named("synsets", folder, synset_of),
)
