"""All sources of data by name: find, load and recognise them."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core import files
from core.data.image_set import ImageSet
from core.data.sources.folder import class_folders, file_names, listing, one_class, tree
from core.data.sources.folder.layout import Choice, choice, understand
from core.data.sources.folder.tree import Odd
from core.data.sources.public import (
    cifar10,
    digits,
    dogs_vs_cats,
    gtsrb,
    malaria,
    mnist,
    pets,
    shortcut,
    synsets,
    tiny_imagenet,
)
from core.data.sources.source import Source
from core.errors import DataError
from core.files import places

_PUBLIC = (
    digits.SOURCE,
    shortcut.SOURCE,
    mnist.MNIST,
    mnist.FASHION_MNIST,
    cifar10.SOURCE,
    pets.BREEDS,
    pets.CAT_DOG,
    dogs_vs_cats.SOURCE,
    gtsrb.SOURCE,
    malaria.SOURCE,
    tiny_imagenet.SOURCE,
)
_OWN = (
    synsets.SOURCE,
    file_names.SOURCE,
    class_folders.SOURCE,
)  # Layouts of own files, which have no usual place.
SOURCES: dict[str, Source] = {source.name: source for source in (*_PUBLIC, *_OWN)}
_SYSTEM = Path("/usr/share/datasets")  # Where Debian packages put data sets.


def data_root() -> Path:
    """The folder of all data sets; see `core.files.places`."""
    return places.data_root()


def find(name: str, folder: Path | None = None) -> Path | None:
    """The folder to load from, at or below ``folder`` (or `data_root`); None if the data set is not there.

    Raises:
        DataError: There is no source of that name.
    """
    source = source_named(name)
    candidates = (source.find(place) for place in _places(source, folder))
    return next((place for place in candidates if place is not None), None)


def load(name: str, folder: Path | None = None, *, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The images of a source.

    ``layout`` and ``known`` classes are for own folders, see `layout.understand`.

    Raises:
        DataError: There is no such source, or its files are missing or damaged.
        LayoutError: The folder can be read in several ways.
    """
    source, place = source_named(name), find(name, folder)
    if place is None:
        looked = str(folder or data_root() / name)
        raise DataError(f"cannot find {name} in {looked!r}; {advice(source, folder or data_root() / name)}")
    return class_folders.load(place, layout, known) if source is class_folders.SOURCE else source.load(place)


def open_data(name: str, folder: Path | None, *, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The data set ``name`` where it usually lies, or, in a ``folder``, it or else the images of any layout.

    For ``layout`` and ``known`` classes see `layout.understand`; errors as `open_folder`.
    """
    if folder is None:
        return load(name)
    source = SOURCES.get(name)
    is_there = source and not source.is_embedded and find(name, folder)
    if is_there and not layout:
        return load(name, folder, known=known)
    return open_folder(folder, layout=layout, known=known)


def open_folder(folder: Path, *, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The images in a folder of any source; raises as `recognise` and `load`.

    The folder may also be that of one of the ``known`` classes.
    """
    alone = None if layout else one_class.images_of(folder, known)
    if alone is not None:
        return alone
    return load(
        class_folders.SOURCE.name if layout else recognise(folder), folder, layout=layout, known=known
    )


def choices(folder: Path, *, known: Sequence[str] = ()) -> list[Choice]:
    """The ways to read an own folder; none if its layout is clear."""
    if recognise(folder) != class_folders.SOURCE.name:
        return []
    readings = understand(folder, known=known).readings
    return [choice(each) for each in readings] if len(readings) > 1 else []


def with_left_out(images: ImageSet) -> ImageSet:
    """The same images with ``left_out`` counted, for sources that do not count it."""
    if images.left_out is not None or images.root is None:
        return images
    top, taken = tree.scan(images.root), set(images.sample_ids)
    reason = f"images without a label in {images.name}"
    others = (Odd(reason, path) for path in tree.images_of(top) if path not in taken)
    odd = (each for each in tree.odd_of(top) if each.path not in taken)
    return replace(images, left_out=tree.by_reason([*others, *odd]))


def recognise(folder: Path) -> str:
    """The name of the source that a folder belongs to: a public data set, else a layout of own files.

    Raises:
        DataError: It belongs to no source, or holds several data sets.
    """
    places_ = {source.name: source.find(folder) for source in _PUBLIC if not source.is_embedded}
    first = {place: name for name, place in reversed(places_.items()) if place is not None}
    if len(first) > 1:
        several = ", ".join(reversed(first.values()))
        raise DataError(
            f"{str(folder)!r} holds several data sets: {several}; choose one of them, or its folder"
        )
    own = (source.name for source in _OWN if source.find(folder) is not None)
    name = next(iter(first.values()), None) or next(own, None)
    if name is None:
        _refuse_unreadable(folder)
        wanted = "a folder for each class (DIR/cat/1.jpg) or labels in file names (DIR/cat.1.jpg)"
        lists = sorted(each.name for each in listing.visible(folder) if each.name.endswith((".csv", ".json")))
        unread = f" (labels are not read from {lists[0]!r})" if lists else ""
        raise DataError(f"{str(folder)!r} is not a folder of labelled images; expected {wanted}{unread}")
    return name


def _refuse_unreadable(folder: Path) -> None:
    with files.reading(folder):
        if folder.is_dir():
            os.scandir(folder).close()
            return
        is_there = folder.exists()
    if is_there:
        raise DataError(f"{str(folder)!r} is a file, not a folder of labelled images; choose its folder")
    raise DataError(f"{str(folder)!r} is not a folder of labelled images: it does not exist")


def source_named(name: str) -> Source:
    """The source of this name; DataError for any other name, with similar names.

    Settings may follow the name of a data set that has some: ``shortcut?agreeing=0.9``.
    """
    known, _, settings = name.partition("?")
    changed = SOURCES[known].changed if known in SOURCES else None
    if settings and changed is not None:
        return changed(settings)
    if name not in SOURCES:
        close = difflib.get_close_matches(name, SOURCES)
        known = (
            f"did you mean {' or '.join(map(repr, close))}" if close else f"there are {', '.join(SOURCES)}"
        )
        raise DataError(f"no source of data named {name!r}; {known}")
    return SOURCES[name]


def _places(source: Source, folder: Path | None) -> list[Path]:
    if folder is not None:
        return [folder, folder / source.name]
    own = [data_root() / source.name]
    return own if source in _OWN else [*own, data_root(), _SYSTEM]


def advice(source: Source, folder: Path) -> str:
    """How to get a missing data set: from where, where to put it, and the command if there is one."""
    where = source.where.replace("DIR", str(folder))
    command = f", or run: python -m core data {source.name} --fetch" if source.fetch else ""
    return f"get it from {where}{command}"
