"""What a folder of images means: its classes and parts, or several readings if that is not clear."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.sources.folder import roles, tree
from core.data.sources.folder.arrangement import NO_PART, Arrangement, arranged, is_plain, names_of
from core.data.sources.folder.readings import ClassFolder, Reading, are_spelled_alike, reading
from core.data.sources.folder.tree import Folder
from core.errors import DataError

NAMES = {
    "folders": "every folder is a class",
    "parts": "folders called train, val or test hold the class folders; others are left out",
    "folders-parts": "every folder is a class, and has folders called train, val or test",
    "subfolders": "the folders one level deeper are the classes",
    "parts-subfolders": "the folders one level deeper in train, val and test are the classes",
}
SPELLINGS = {
    "together": "names that differ only in case are one class",
    "apart": "names that differ in case are separate classes",
}
_LAYOUT = "expected ROOT/CLASS/IMAGE or ROOT/train/CLASS/IMAGE"
_LISTED = 4
_LISTS = frozenset((".csv files", ".tsv files", ".json files"))


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to read a folder: its name for ``--layout``, its meaning, and its result."""

    name: str
    meaning: str
    result: str


def choice(read: Reading) -> Choice:
    """A reading, as the user chooses it."""
    kind, _, spelling = read.name.partition(",")
    has_parts = bool(roles.splits_of({sample_id.split("/")[0] for sample_id in read.sample_ids}))
    some = "some folders are classes; the others are left out"
    meaning = NAMES[kind] if has_parts or kind != "parts" else some
    return Choice(read.name, f"{meaning}; {SPELLINGS[spelling]}" if spelling else meaning, str(read))


class LayoutError(DataError):
    """A folder can be read in several ways; ``readings`` lists them."""

    def __init__(self, folder: Path, readings: Sequence[Reading]) -> None:
        listed = " or ".join(f"{each.name} ({each})" for each in readings)
        super().__init__(
            f"{str(folder)!r} can be read in {len(readings)} ways; choose one with --layout: {listed}"
        )
        self.readings = tuple(readings)


@dataclass(frozen=True, slots=True, eq=False)
class Understood:
    """The readings of a folder: one, or several if its meaning is not clear."""

    folder: Path
    readings: tuple[Reading, ...]

    @property
    def reading(self) -> Reading:
        """The only reading; LayoutError if there are several."""
        if len(self.readings) > 1:
            raise LayoutError(self.folder, self.readings)
        return self.readings[0]


def understand(
    folder: Path, *, layout: str = "", known: Sequence[str] = (), scanned: Folder | None = None
) -> Understood:
    """The reading of a folder that ``layout`` names, or else all likely readings.

    Of several, one whose classes are all ``known`` (a network's classes) is taken. What is in the folder may
    be ``scanned`` already.

    Raises:
        DataError: there are no class folders, or none of that layout.
        FileError: the folder cannot be read.
    """
    names = {roles.folded(name) for name in known}
    arrangement = arranged(scanned or tree.scan(folder), names)
    wanted = [part.strip() for part in layout.split(",") if part.strip()]
    _refuse_unknown(wanted)
    kinds = [each for each in wanted if each in NAMES] or _likely(arrangement, names)
    spellings = [each for each in wanted if each in SPELLINGS]
    readings = [
        each for kind in kinds for each in _readings(kind, arrangement, folder, spellings) if each.sample_ids
    ]
    if not readings:
        raise DataError(_without_classes(folder, arrangement.top, layout))
    return Understood(folder, tuple(_known(readings, known)))


def _likely(arrangement: Arrangement, known: set[str]) -> list[str]:
    """The names of the likely layouts of these folders; one if it is clear."""
    if arrangement.parts:
        kinds = _likely_with_parts(arrangement)
    elif arrangement.others and all(_is_split(each) for each in arrangement.others):
        kinds = ["folders-parts"]
    elif _is_question(arrangement):
        kinds = ["folders", "parts"]
    elif any(roles.is_wrapper(each.name) and each.full for each in arrangement.others):
        kinds = ["folders", "subfolders"]
    elif all(is_plain(each.name) and roles.folded(each.name) not in known for each in arrangement.top.full):
        return []
    else:
        kinds = ["folders"]
    deeper = {
        "folders": arrangement.top.full,
        "parts": [each for part in arrangement.parts for each in part.place.full],
    }
    if len(kinds) == 1 and _is_deep(deeper.get(kinds[0], ())):
        kinds = [*kinds, "subfolders" if kinds == ["folders"] else "parts-subfolders"]
    return kinds


def _likely_with_parts(arrangement: Arrangement) -> list[str]:
    others = {roles.folded(each.name) for each in arrangement.others}
    is_train_outside = (
        others and "train" not in arrangement.splits and not any(each.full for each in arrangement.others)
    )
    # The training classes are beside test, which has the same classes.
    if is_train_outside and arrangement.classes_of_parts <= others:
        return ["parts"]
    if not arrangement.others or (len(arrangement.splits) > 1 and _share_classes(arrangement)):
        return ["parts"]
    overlap = any(arrangement.classes_of_parts & names_of(each.full) for each in arrangement.others)
    return ["parts", "folders", *(["subfolders"] if overlap else [])]


def _share_classes(arrangement: Arrangement) -> bool:
    first, *rest = (names_of(part.place.full) for part in arrangement.parts)
    return all(first & each for each in rest)


def _is_split(folder: Folder) -> bool:
    """Whether all its folders are parts: ``cat/train``, ``cat/test``."""
    parts = [each.name for each in folder.full]
    return bool(parts) and not folder.images and len(roles.splits_of(parts)) == len(parts)


def _is_question(arrangement: Arrangement) -> bool:
    """Whether some folders may not be classes: a test part without labels, results of a run."""
    doubtful = bool(arrangement.beside) or any(split != "train" for split in arrangement.flat.values())
    return doubtful and len(arrangement.others) > 1


def _is_deep(classes: Sequence[Folder]) -> bool:
    """Whether the classes may be one level deeper: ``animals/cats``, but not ``cat/patient 12``."""
    if (
        len(classes) < 2
        or any(each.images for each in classes)
        or all(len(each.full) < 2 for each in classes)
    ):
        return False
    below = [inner.name for each in classes for inner in each.full]
    return not roles.are_numbered(below) or roles.are_numbered([each.name for each in classes])


def _readings(
    kind: str, arrangement: Arrangement, folder: Path, spellings: Sequence[str]
) -> Iterator[Reading]:
    """The readings in this layout: two if spellings may be separate classes."""
    classes, because = _BUILT[kind](arrangement)
    because |= _because(arrangement.around)
    alike = are_spelled_alike(classes)
    for each in spellings or (SPELLINGS if alike else ("",)):
        name = f"{kind},{each}" if each else kind
        yield reading(name, folder / arrangement.path, arrangement.whole, classes, because)


_Built = tuple[list[ClassFolder], dict[int, str]]


def _as_folders(arrangement: Arrangement) -> _Built:
    classes = [
        ClassFolder("train", each.name, each.name, each)
        for each in arrangement.top.folders
        if each not in arrangement.tools and not (each in arrangement.empty and is_plain(each.name))
    ]
    return classes, _because(arrangement.tools)


def _as_parts(arrangement: Arrangement) -> _Built:
    classes = [
        ClassFolder(part.split, each.name, f"{part.path}{each.name}", each)
        for part in arrangement.parts
        for each in part.place.folders
        if each.num_images or not is_plain(each.name)
    ]
    if "train" not in arrangement.splits and arrangement.classes_of_parts <= names_of(arrangement.others):
        # Class folders beside test are the training classes.
        own = [*arrangement.others, *(each for each in arrangement.empty if not is_plain(each.name))]
        classes = [*classes, *(ClassFolder("train", each.name, each.name, each) for each in own)]
        others: list[Folder] = []
    else:
        others = arrangement.others
    flat = [each for each in arrangement.top.folders if each.name in arrangement.flat]
    return classes, _because([*arrangement.beside, *others, *arrangement.tools]) | {
        id(each): f"images in {each.name!r}, which has no folder of a class" for each in flat
    }


def _as_folders_parts(arrangement: Arrangement) -> _Built:
    """``cat/train/1.jpg``; with ``cat/train/black/1.jpg``, each of the folders is a data set."""
    tops = [each for each in arrangement.top.full if _is_split(each)]
    if any(part.full for each in tops for part in each.full):
        raise DataError(f"this folder holds several data sets: {_listed(tops)}; choose one of them")
    classes = [
        ClassFolder(split, top.name, f"{top.name}/{part.name}", part)
        for top in tops
        for part in top.full
        for split in [roles.splits_of([part.name])[part.name]]
    ]
    others = [each for each in arrangement.top.full if each not in tops]
    return classes, _because(others)


def _as_subfolders(arrangement: Arrangement) -> _Built:
    tops = [(each, f"{each.name}/") for each in arrangement.top.full if each not in arrangement.tools]
    return _deep_classes("train", tops), _because(arrangement.tools)


def _as_parts_subfolders(arrangement: Arrangement) -> _Built:
    classes = [
        each
        for part in arrangement.parts
        for each in _deep_classes(part.split, [(top, f"{part.path}{top.name}/") for top in part.place.full])
    ]
    return classes, _as_parts(arrangement)[1]


def _deep_classes(split: str, tops: Sequence[tuple[Folder, str]]) -> list[ClassFolder]:
    """The folders in ``tops`` as classes; all images of a patient's folder form one group."""
    return [
        ClassFolder(split, each.name, f"{path}{each.name}", each, top.name if is_one_of_many else "")
        for top, path in tops
        for is_one_of_many in [roles.is_one_of_many(top.name) or top.name.isdecimal()]
        for each in top.full
    ]


_BUILT: dict[str, Callable[[Arrangement], _Built]] = {
    "folders": _as_folders,
    "parts": _as_parts,
    "folders-parts": _as_folders_parts,
    "subfolders": _as_subfolders,
    "parts-subfolders": _as_parts_subfolders,
}


def _because(folders: Sequence[Folder]) -> dict[int, str]:
    return {id(each): f"images in {each.name!r}, {NO_PART}" for each in folders}


def _known(readings: list[Reading], known: Sequence[str]) -> list[Reading]:
    """The one reading whose classes are all known, of several the largest; else all readings."""
    fitting = [each for each in readings if _are_known(each.class_names, known)]
    largest = max((len(each.labels) for each in fitting), default=0)
    fitting = [each for each in fitting if len(each.labels) == largest]
    return fitting if len(fitting) == 1 else readings


def _are_known(names: Sequence[str], known: Sequence[str]) -> bool:
    """Whether each of these names is a different known class."""
    spelled, folded = set(known), {roles.folded(name) for name in known}
    matched = [name if name in spelled else roles.folded(name) for name in names]
    return len(set(matched)) == len(matched) and all(name in spelled or name in folded for name in matched)


def _refuse_unknown(wanted: Sequence[str]) -> None:
    strange = [each for each in wanted if each not in {*NAMES, *SPELLINGS}]
    if strange:
        there = ", ".join([*NAMES, *SPELLINGS])
        raise DataError(f"no layout {strange[0]!r}; there is {there}")


def _without_classes(folder: Path, top: Folder, layout: str) -> str:
    if layout:
        return f"{str(folder)!r} has no images in the layout {layout!r}; omit --layout, or choose another"
    lists = [each.path for each in tree.odd_of(top) if each.reason in _LISTS]
    if lists and top.num_images:
        return f"{str(folder)!r} has no class folder; {_LAYOUT}; labels are not read from {lists[0]!r}"
    if top.full:
        return f"{str(folder)!r} has no class folder; {_LAYOUT}, got images directly in {_listed(top.full)}"
    if top.folders:
        return f"{str(folder)!r} has class folders without images: {_listed(top.folders)}; add images to them"
    return f"{str(folder)!r} has no class folder with an image; {_LAYOUT}"


def _listed(folders: Sequence[Folder]) -> str:
    return ", ".join(repr(each.name) for each in folders[:_LISTED]) + (" …" if len(folders) > _LISTED else "")
