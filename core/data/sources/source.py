"""A source of data: how to recognise, load and download its files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.image_set import ImageSet


@dataclass(frozen=True, slots=True)
class Source:
    """One data set, or one layout of files.

    ``find`` takes a folder and gives the folder that ``load`` needs, which is the folder itself or one of the
    usual places below it; None if the data set is not there. ``fetch`` downloads the whole data set into an
    empty folder and checks it; when it fails it may leave files there. ``fetch`` is None if a program cannot
    download the data set. ``where`` completes the sentence "get it from ...": the address, and which files to
    put where. ``is_embedded``: the data set needs no files. ``changed`` gives the same data set made with
    settings, the part of a name after ``?``; None if it has no settings. ``num_bytes`` are downloaded, under
    ``licence``.
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
    changed: "Callable[[str], Source] | None" = None
