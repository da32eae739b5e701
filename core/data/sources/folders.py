"""Any folder of images: a subfolder for each class, perhaps below train, val and test."""

from pathlib import Path

from core.data.image_set import ImageSet
from core.data.source import Source
from core.data.sources import listing
from core.data.sources.listing import Listing
from core.errors import DataError

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_LAYOUT = "expected ROOT/CLASS/IMAGE or ROOT/train/CLASS/IMAGE"
_Parts = list[tuple[str, Path]]


def _find(folder: Path) -> Path | None:
    return folder if any(entry.is_dir() for entry in listing.visible(folder)) else None


def _load(folder: Path) -> ImageSet:
    root = _lowest(folder)
    parts = _parts(root)
    class_names = _class_names(root, parts)
    rows = [
        (split, label, f"{(place / class_name).relative_to(root).as_posix()}/{path}")
        for split, place in parts
        for label, class_name in enumerate(class_names)
        for path in listing.images_below(place / class_name)
    ]
    _refuse_empty(class_names, {label for split, label, _ in rows if split == "train"}, root)
    splits = [split for split, _, _ in rows]
    published = splits if len(set(splits)) > 1 else None
    found = Listing(class_names, [row[2] for row in rows], [row[1] for row in rows], published=published)
    return listing.image_set("folder", root, found)


def _lowest(folder: Path) -> Path:
    """Down through folders that hold nothing but one other folder, to the one that holds several."""
    while not listing.has_images(folder):
        below = listing.subfolders(folder)
        if (
            len(below) != 1
            or listing.has_images(folder / below[0])
            or not listing.subfolders(folder / below[0])
        ):
            break
        folder = folder / below[0]
    return folder


def _parts(root: Path) -> _Parts:
    """The folders that hold class folders, with the split each is; all is ``train`` where there is none."""
    below = listing.subfolders(root)
    parts = [(_SPLITS[name.casefold()], root / name) for name in below if name.casefold() in _SPLITS]
    # A class may be called "train" too, but next to others, and without folders in it.
    nested = len(parts) > 1 and any(split == "train" and listing.subfolders(place) for split, place in parts)
    if not parts or (len(parts) < len(below) and not nested):
        return [("train", root)]
    return _labelled(parts)


def _labelled(parts: _Parts) -> _Parts:
    """Without a test part that has no folder of a class: it has no labels."""
    known = {name for split, place in parts if split == "train" for name in listing.subfolders(place)}
    return [
        (split, place) for split, place in parts if split != "test" or known & set(listing.subfolders(place))
    ]


def _class_names(root: Path, parts: _Parts) -> tuple[str, ...]:
    folders = {(split, name) for split, place in parts for name in listing.subfolders(place)}
    names = sorted({name for split, name in folders if split == "train"}, key=listing.natural)
    if len(names) < 2:
        have = f"the class folder {names[0]!r} only" if names else "no class folder"
        raise DataError(f"{str(root)!r} has {have}; {_LAYOUT}, with two classes or more")
    for split, name in sorted(folders):
        if name not in names:
            raise DataError(f"{str(root)!r} has the class {name!r} in {split} but not in train; {_LAYOUT}")
    return tuple(names)


def _refuse_empty(class_names: tuple[str, ...], filled: set[int], root: Path) -> None:
    empty = [name for label, name in enumerate(class_names) if label not in filled]
    if empty:
        names = ", ".join(map(repr, empty[:5]))
        msg = f"{str(root)!r} has class folders without an image: {names}; fill or remove them"
        raise DataError(msg)


SOURCE = Source(
    name="folder",
    title="Your own images: a folder for each class",
    where="your own files: DIR/CLASS/IMAGE or DIR/train/CLASS/IMAGE, also with val and test next to train",
    find=_find,
    load=_load,
)
