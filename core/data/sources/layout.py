"""What a folder of images means: its classes and parts, or the ways to read it where that is not clear."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.data.sources import roles, tree
from core.data.sources.readings import ClassFolder, Reading, are_spelled_alike, reading
from core.data.sources.tree import Folder
from core.errors import DataError

NAMES = {
    "folders": "every folder is a class",
    "parts": "folders called train, val or test hold the classes; what is no class is left out",
    "subfolders": "the folders one level deeper are the classes",
    "parts-subfolders": "the folders one level deeper in train, val and test are the classes",
}
SPELLINGS = {
    "together": "names that differ in case alone are one class",
    "apart": "names that differ in case are classes of their own",
}
_LAYOUT = "expected ROOT/CLASS/IMAGE or ROOT/train/CLASS/IMAGE"
_LISTED = 4


class LayoutError(DataError):
    """A folder can be read in several ways; ``readings`` has them, to choose one."""

    def __init__(self, folder: Path, readings: Sequence[Reading]) -> None:
        told = " or ".join(f"{each.name} ({each})" for each in readings)
        super().__init__(
            f"{str(folder)!r} can be read in {len(readings)} ways; choose one with --layout: {told}"
        )
        self.readings = tuple(readings)


@dataclass(frozen=True, slots=True, eq=False)
class Understood:
    """What was understood of a folder: one reading, or several where it is not clear which is meant."""

    folder: Path
    readings: tuple[Reading, ...]

    @property
    def reading(self) -> Reading:
        """The one; LayoutError where there are several."""
        if len(self.readings) > 1:
            raise LayoutError(self.folder, self.readings)
        return self.readings[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A folder called like a part, and the one at or below it that holds class folders."""

    split: str
    top: Folder
    place: Folder
    path: str


@dataclass(frozen=True, slots=True, eq=False)
class _Roles:
    """What the folders side by side in ``top`` seem to be.

    There are parts with class folders, ``flat`` ones that have none, what people keep beside the data, and
    others. ``empty`` hold no image; ``tools`` are a program's.
    """

    top: Folder
    parts: list[_Part] = field(default_factory=list)
    flat: dict[str, str] = field(default_factory=dict)
    beside: list[Folder] = field(default_factory=list)
    others: list[Folder] = field(default_factory=list)
    tools: list[Folder] = field(default_factory=list)
    empty: list[Folder] = field(default_factory=list)

    @property
    def classes_of_parts(self) -> set[str]:
        """Class folders in the parts, as `roles.folded` has them."""
        return {roles.folded(each.name) for part in self.parts for each in part.place.full}

    @property
    def splits(self) -> set[str]:
        """Which parts there are."""
        return {part.split for part in self.parts}


def understand(folder: Path, *, layout: str = "", known: Sequence[str] = ()) -> Understood:
    """What a folder holds, in the way that ``layout`` names, or else in each that is likely.

    Where several are, and all classes of just one of them are ``known`` (a network's), that one is meant.

    Raises:
        DataError: there are no class folders, or none of that layout.
        FileError: the folder cannot be read.
    """
    names = {roles.folded(name) for name in known}
    top, below = _lowest(tree.scan(folder), names)
    found = _roles(top, names)
    wanted = [part.strip() for part in layout.split(",") if part.strip()]
    _refuse_unknown(wanted)
    kinds = [each for each in wanted if each in NAMES] or _likely(found, names)
    spellings = [each for each in wanted if each in SPELLINGS]
    readings = [
        each
        for kind in kinds
        for each in _readings(kind, found, folder / below, spellings)
        if each.sample_ids
    ]
    if not readings:
        raise DataError(_without_classes(folder, top, layout))
    return Understood(folder, tuple(_known(readings, names)))


def _lowest(top: Folder, known: set[str], path: str = "") -> tuple[Folder, str]:
    """Down through folders that hold nothing but one other folder with folders of images, and its path."""
    below = _wrapped(top, known)
    return (top, path) if below is None else _lowest(below, known, f"{path}{below.name}/")


def _wrapped(top: Folder, known: set[str]) -> Folder | None:
    """The one folder that holds all class folders and is no class itself."""
    full = top.full
    if len(full) > 1:
        return _wrapper(full)
    has_empty_class = any(not each.num_images and not _is_plain(each.name) for each in top.folders)
    if not full or roles.folded(full[0].name) in known or has_empty_class:
        return None
    # Images beside several folders are stray; beside one folder, that folder is a detail of a class.
    holds_classes = len(full[0].full) >= (2 if full[0].images else 1)
    return full[0] if holds_classes else None


def _wrapper(full: Sequence[Folder]) -> Folder | None:
    """``images`` beside nothing but ``labels`` and the like."""
    wrappers = [each for each in full if roles.is_wrapper(each.name) and each.full]
    rest = [each for each in full if each not in wrappers]
    return wrappers[0] if len(wrappers) == 1 and all(_is_no_class(each.name) for each in rest) else None


def _is_no_class(name: str) -> bool:
    return roles.is_beside(name) or roles.is_of_a_tool(name)


def _is_plain(name: str) -> bool:
    """Whether a name says what a folder is for, and so is not that of a class."""
    return _is_no_class(name) or roles.is_wrapper(name) or bool(roles.splits_of([name]))


def _roles(top: Folder, known: set[str]) -> _Roles:
    found, splits = _Roles(top), roles.splits_of(each.name for each in top.folders)
    for each in top.folders:
        split = splits.get(each.name)
        if roles.is_of_a_tool(each.name):
            found.tools.append(each)
        elif not each.num_images:
            found.empty.append(each)
        elif split is None:
            (found.beside if roles.is_beside(each.name) else found.others).append(each)
        elif each.full:
            found.parts.append(_Part(split, each, *_place(each, f"{each.name}/")))
        else:
            found.flat[each.name] = split
    return _without_unlabelled(found, known)


def _without_unlabelled(found: _Roles, known: set[str]) -> _Roles:
    """A test part that has no class of the training part, as ``test/unknown``, has no labels."""
    trained = {name for part in found.parts if part.split == "train" for name in _names(part.place.full)}
    labels = trained | known if trained else set()
    tests = [part for part in found.parts if part.split == "test"]
    strange = [part for part in tests if labels.isdisjoint(_names(part.place.full))]
    if not trained or not strange:
        return found
    flat = found.flat | {part.top.name: part.split for part in strange}
    return replace(found, parts=[part for part in found.parts if part not in strange], flat=flat)


def _place(part: Folder, path: str) -> tuple[Folder, str]:
    """Where the class folders of a part lie: ``seg_train/seg_train``, ``train/images``, or the part itself."""
    below = part.full[0] if len(part.full) == 1 else _wrapper(part.full)
    if below is None or not below.full:
        return part, path
    is_again = roles.folded(below.name) == roles.folded(part.name) or _is_plain(below.name)
    return _place(below, f"{path}{below.name}/") if is_again else (part, path)


def _likely(found: _Roles, known: set[str]) -> list[str]:
    """Names of the ways in which a person may mean these folders; one where that is clear."""
    if found.parts:
        kinds = _likely_with_parts(found)
    elif _is_question(found):
        kinds = ["folders", "parts"]
    elif all(_is_plain(each.name) and roles.folded(each.name) not in known for each in found.top.full):
        return []
    else:
        kinds = ["folders"]
    deeper = {"folders": found.top.full, "parts": [each for part in found.parts for each in part.place.full]}
    return [
        each
        for kind in kinds
        for each in (kind, *(_deeper(kind) if _is_deep(deeper.get(kind, ())) and len(kinds) == 1 else ()))
    ]


def _deeper(kind: str) -> tuple[str, ...]:
    return ("subfolders",) if kind == "folders" else ("parts-subfolders",)


def _likely_with_parts(found: _Roles) -> list[str]:
    others = {roles.folded(each.name) for each in found.others}
    is_train_outside = others and "train" not in found.splits and not any(each.full for each in found.others)
    # The class folders lie side by side with test, which has the same ones.
    if is_train_outside and found.classes_of_parts <= others:
        return ["parts"]
    if not found.others or (len(found.splits) > 1 and _share_classes(found)):
        return ["parts"]
    overlap = any(found.classes_of_parts & _names(each.full) for each in found.others)
    return ["parts", "folders", *(["subfolders"] if overlap else [])]


def _share_classes(found: _Roles) -> bool:
    first, *rest = (_names(part.place.full) for part in found.parts)
    return all(first & each for each in rest)


def _names(folders: Sequence[Folder]) -> set[str]:
    return {roles.folded(each.name) for each in folders}


def _is_question(found: _Roles) -> bool:
    """Whether some of the class folders may be none: a test part without labels, results of a run."""
    doubtful = bool(found.beside) or any(split != "train" for split in found.flat.values())
    return doubtful and len(found.others) > 1


def _is_deep(classes: Sequence[Folder]) -> bool:
    """Whether classes may lie one level deeper: ``animals/cats`` (but not ``cat/patient 12``)."""
    if (
        len(classes) < 2
        or any(each.images for each in classes)
        or all(len(each.full) < 2 for each in classes)
    ):
        return False
    below = [inner.name for each in classes for inner in each.full]
    return not roles.are_numbered(below) or roles.are_numbered([each.name for each in classes])


def _readings(kind: str, found: _Roles, root: Path, spellings: Sequence[str]) -> Iterator[Reading]:
    """That way to read the folders: two, where it is not clear whether spellings are classes."""
    classes, because = _BUILT[kind](found)
    alike = are_spelled_alike(classes)
    for each in spellings or (SPELLINGS if alike else ("",)):
        name = f"{kind},{each}" if each else kind
        yield reading(name, root, found.top, classes, because)


_Built = tuple[list[ClassFolder], dict[int, str]]


def _as_folders(found: _Roles) -> _Built:
    classes = [
        ClassFolder("train", each.name, each.name, each)
        for each in found.top.folders
        if each not in found.tools and not (each in found.empty and _is_plain(each.name))
    ]
    return classes, _because(found.tools)


def _as_parts(found: _Roles) -> _Built:
    classes = [
        ClassFolder(part.split, each.name, f"{part.path}{each.name}", each)
        for part in found.parts
        for each in part.place.folders
        if each.num_images or not _is_plain(each.name)
    ]
    if "train" not in found.splits and found.classes_of_parts <= _names(found.others):
        # Class folders beside test are those of training.
        own = [*found.others, *(each for each in found.empty if not _is_plain(each.name))]
        classes = [*classes, *(ClassFolder("train", each.name, each.name, each) for each in own)]
        others: list[Folder] = []
    else:
        others = found.others
    flat = [each for each in found.top.folders if each.name in found.flat]
    return classes, _because([*found.beside, *others, *found.tools]) | {
        id(each): f"images in {each.name!r}, which has no class folders" for each in flat
    }


def _as_subfolders(found: _Roles) -> _Built:
    tops = [(each, f"{each.name}/") for each in found.top.full if each not in found.tools]
    return _deep_classes("train", tops), _because(found.tools)


def _as_parts_subfolders(found: _Roles) -> _Built:
    classes = [
        each
        for part in found.parts
        for each in _deep_classes(part.split, [(top, f"{part.path}{top.name}/") for top in part.place.full])
    ]
    return classes, _as_parts(found)[1]


def _deep_classes(split: str, tops: Sequence[tuple[Folder, str]]) -> list[ClassFolder]:
    """The folders in some folders, as classes; a patient's stay together."""
    return [
        ClassFolder(split, each.name, f"{path}{each.name}", each, top.name if is_one_of_many else "")
        for top, path in tops
        for is_one_of_many in [roles.is_one_of_many(top.name) or top.name.isdecimal()]
        for each in top.full
    ]


_BUILT: dict[str, Callable[[_Roles], _Built]] = {
    "folders": _as_folders,
    "parts": _as_parts,
    "subfolders": _as_subfolders,
    "parts-subfolders": _as_parts_subfolders,
}


def _because(folders: Sequence[Folder]) -> dict[int, str]:
    return {id(each): f"images in {each.name!r}, which is no part of the data" for each in folders}


def _known(readings: list[Reading], known: set[str]) -> list[Reading]:
    """The one reading whose classes are all known, or all readings."""
    fitting = [each for each in readings if {roles.folded(name) for name in each.class_names} <= known]
    return fitting if len(fitting) == 1 else readings


def _refuse_unknown(wanted: Sequence[str]) -> None:
    strange = [each for each in wanted if each not in {*NAMES, *SPELLINGS}]
    if strange:
        there = ", ".join([*NAMES, *SPELLINGS])
        raise DataError(f"no layout {strange[0]!r}; there is {there}")


def _without_classes(folder: Path, top: Folder, layout: str) -> str:
    if layout:
        return (
            f"{str(folder)!r} has no images in the layout {layout!r}; leave out --layout, or choose another"
        )
    full = [each.name for each in top.full]
    if full:
        listed = ", ".join(map(repr, full[:_LISTED])) + (" …" if len(full) > _LISTED else "")
        return f"{str(folder)!r} has no class folder, as images lie in {listed} itself; {_LAYOUT}"
    lists = [each.path for each in top.odd if each.reason in {".csv files", ".json files", ".tsv files"}]
    if top.images and lists:
        return f"{str(folder)!r} has no class folder, and labels are not read from {lists[0]!r}; {_LAYOUT}"
    return f"{str(folder)!r} has no class folder with an image; {_LAYOUT}"
