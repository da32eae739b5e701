"""The roles of the folders in one place: parts, class folders, or folders beside the data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.data.sources.folder import roles, tree
from core.data.sources.folder.listing import SUFFIXES
from core.data.sources.folder.tree import Folder, Odd

NO_PART = "which is no part of the data"


@dataclass(frozen=True, slots=True, eq=False)
class SplitFolder:
    """A folder named like a split, and the folder at or below it that holds the class folders."""

    split: str
    top: Folder
    place: Folder
    path: str

    def is_copy_of(self, other: "SplitFolder") -> bool:
        """Whether it has another's name, ignoring case, and the same content: ``Train`` and ``train``."""
        same = roles.folded(self.top.name) == roles.folded(other.top.name)
        counts = [{each.name: each.num_images for each in part.place.folders} for part in (self, other)]
        return same and counts[0] == counts[1]

    def holds_classes(self, known: set[str]) -> bool:
        """Whether its folders are classes, not only images and masks."""
        return any(not is_plain(each.name) or roles.folded(each.name) in known for each in self.place.full)


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """The likely roles of the folders in ``top``.

    ``parts`` have class folders, ``flat`` parts have none, ``beside`` are folders beside the data or copies
    of it, and ``others`` may be classes. ``empty`` folders have no images; ``tools`` were made by programs.
    ``top`` is at ``path`` in ``whole``, beside the folders ``around``.
    """

    whole: Folder
    top: Folder
    path: str = ""
    around: list[Folder] = field(default_factory=list)
    parts: list[SplitFolder] = field(default_factory=list)
    flat: dict[str, str] = field(default_factory=dict)
    beside: list[Folder] = field(default_factory=list)
    others: list[Folder] = field(default_factory=list)
    tools: list[Folder] = field(default_factory=list)
    empty: list[Folder] = field(default_factory=list)

    @property
    def classes_of_parts(self) -> set[str]:
        """The names of the class folders in the parts, as `roles.folded` gives them."""
        return {roles.folded(each.name) for part in self.parts for each in part.place.full}

    @property
    def splits(self) -> set[str]:
        """The splits that the parts are."""
        return {part.split for part in self.parts}


def arranged(whole: Folder, known: set[str]) -> Arrangement:
    """The likely roles of the folders, below wrappers that hold nothing but one folder of class folders.

    ``known`` are class names as `roles.folded` gives them.
    """
    whole = _without_masks(whole)
    arrangement = Arrangement(whole, whole)
    while (below := _wrapped(arrangement.top, known)) is not None:
        beside = [each for each in arrangement.top.full if each is not below]
        path, around = f"{arrangement.path}{below.name}/", [*arrangement.around, *beside]
        arrangement = Arrangement(whole, below, path, around)
    return _without_unlabelled(_without_copies(_sorted(arrangement, known)), known)


def _wrapped(top: Folder, known: set[str]) -> Folder | None:
    """The only folder, if it holds the class folders and is not a class itself."""
    full = top.full
    if len(full) > 1:
        return _wrapper(full)
    has_empty_class = any(not each.num_images and not is_plain(each.name) for each in top.folders)
    if not full or roles.folded(full[0].name) in known or has_empty_class:
        return None
    # Images beside several folders are stray; beside a single folder, that folder is part of a class.
    may_be_class = full[0].images and not is_plain(full[0].name)
    return full[0] if len(full[0].full) >= (2 if may_be_class else 1) else None


def _wrapper(full: Sequence[Folder]) -> Folder | None:
    """A folder such as ``images``, if only folders such as ``labels`` are beside it."""
    wrappers = [each for each in full if roles.is_wrapper(each.name) and each.full]
    rest = [each for each in full if each not in wrappers]
    parts = [each for each in rest if not each.full and roles.splits_of([each.name])]  # Without labels.
    is_alone = all(_is_no_class(each.name) or each in parts for each in rest)
    return wrappers[0] if len(wrappers) == 1 and is_alone else None


def _is_no_class(name: str) -> bool:
    return roles.is_beside(name) or roles.is_of_a_tool(name)


def is_plain(name: str) -> bool:
    """Whether a name describes a folder's purpose, or is a file name: it is not the name of a class."""
    if name.lower().endswith(SUFFIXES):
        return True
    return _is_no_class(name) or roles.is_wrapper(name) or bool(roles.splits_of([name]))


def _without_masks(folder: Folder) -> Folder:
    """The tree without folders that belong to a folder ``images``, as ``cat/masks`` beside ``cat/images``."""
    full = folder.full
    beside = [each for each in full if roles.is_beside(each.name)]
    rest = [each for each in full if each not in beside]
    if folder.images or len(rest) != 1 or not roles.is_wrapper(rest[0].name):
        beside = []
    folders = tuple(_without_masks(each) for each in folder.folders if each not in beside)
    odd = [
        Odd(
            f"images in {each.name!r}, {NO_PART}",
            next(tree.images_of(each, f"{each.name}/")),
            each.num_images,
        )
        for each in beside
    ]
    others = [other for each in beside for other in tree.odd_of(each, f"{each.name}/")]
    num_images = len(folder.images) + sum(each.num_images for each in folders)
    return replace(folder, folders=folders, odd=(*folder.odd, *odd, *others), num_images=num_images)


def _sorted(arrangement: Arrangement, known: set[str]) -> Arrangement:
    splits = roles.splits_of(each.name for each in arrangement.top.folders)
    for each in arrangement.top.folders:
        split = splits.get(each.name)
        if roles.is_of_a_tool(each.name):
            arrangement.tools.append(each)
        elif not each.num_images:
            arrangement.empty.append(each)
        elif split is None:
            (arrangement.beside if roles.is_beside(each.name) else arrangement.others).append(each)
        elif (part := SplitFolder(split, each, *_place(each, f"{each.name}/"))).holds_classes(known):
            arrangement.parts.append(part)
        else:
            arrangement.flat[each.name] = split
    return arrangement


def _without_copies(arrangement: Arrangement) -> Arrangement:
    """Set aside folders that hold the same folder names as those beside them: copies of the data."""
    leaves = names_of([each for each in arrangement.others if not each.full])
    copies = [each for each in arrangement.others if each.full and names_of(each.full) <= leaves]
    others = [each for each in arrangement.others if each not in copies]
    parts = [
        part
        for at, part in enumerate(arrangement.parts)
        if not any(map(part.is_copy_of, arrangement.parts[:at]))
    ]
    copies += [part.top for part in arrangement.parts if part not in parts]
    return replace(arrangement, parts=parts, others=others, beside=[*arrangement.beside, *copies])


def _without_unlabelled(arrangement: Arrangement, known: set[str]) -> Arrangement:
    """Treat a test part without any class of the training part, as ``test/unknown``, as unlabelled."""
    trained = {
        name for part in arrangement.parts if part.split == "train" for name in names_of(part.place.full)
    }
    labels = trained | known if trained else set()
    tests = [part for part in arrangement.parts if part.split == "test"]
    strange = [part for part in tests if labels.isdisjoint(names_of(part.place.full))]
    if not trained or not strange:
        return arrangement
    flat = arrangement.flat | {part.top.name: part.split for part in strange}
    return replace(arrangement, parts=[part for part in arrangement.parts if part not in strange], flat=flat)


def _place(part: Folder, path: str) -> tuple[Folder, str]:
    """Where a part's class folders are: in the part, in ``seg_train/seg_train``, or in ``train/images``."""
    below = part.full[0] if len(part.full) == 1 else _wrapper(part.full)
    if below is None or not below.full:
        return part, path
    is_again = roles.folded(below.name) == roles.folded(part.name) or is_plain(below.name)
    return _place(below, f"{path}{below.name}/") if is_again else (part, path)


def names_of(folders: Sequence[Folder]) -> set[str]:
    """The names of the folders, as `roles.folded` gives them."""
    return {roles.folded(each.name) for each in folders}
