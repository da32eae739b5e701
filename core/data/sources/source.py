"""A source of data: how its files are recognised, loaded and fetched."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.image_set import ImageSet


@dataclass(frozen=True, slots=True)
class Source:
    """One data set, or one layout of files.

    ``find`` gives, for a folder that somebody names, the folder that ``load`` takes (that one, or one of the
    usual places below it), or None if the data set is not there. ``fetch`` downloads the whole data set into
    an empty folder, with a checksum, and may leave rubbish there when it fails; None where only people can
    get it. ``where`` ends the sentence "get it from": the address, and which files to put where.
    ``is_embedded``: it needs no files. ``num_bytes`` are downloaded, under the ``licence``, in words.
    """

    name: str
    title: str
    where: str
    find: Callable[[Path], Path | None]
    load: Callable[[Path], ImageSet]
    fetch: Callable[[Path], None] | None = None
    is_embedded: bool = False
    num_bytes: int = 0
    licence: str = ""
