"""One way to read a folder: which folders are which class of which part, and all that follows from that."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.image_set import LeftOut
from core.data.sources.folder import listing, roles, tree
from core.data.sources.folder.tree import Folder, Odd

STRAY = "images beside the class folders"
_FEWEST_GROUPS = 2  # Of a class: with one, it could not be both trained on and validated.
_SHOWN = 6  # Classes that a sentence counts.
# Frames of a sign filmed while passing: track and frame, perhaps after the number of the class.
_FRAME = re.compile(r"(?:(\d+)_)?(\d{5})_\d{5}\.\w+")


@dataclass(frozen=True, slots=True, eq=False)
class ClassFolder:
    """A folder of images of one class: its part, the class as it is spelled, its path below the root.

    ``group`` names what all of it belongs to, a patient perhaps, and is empty where it is nothing.
    """

    split: str
    name: str
    path: str
    folder: Folder
    group: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a folder holds, read in one way: N images of C classes.

    ``name`` goes with ``--layout``. ``class_names`` (C,) are in natural order; ``sample_ids``, ``labels`` and
    ``splits`` have N entries, and so has ``groups``, None where nothing belongs together. ``left_out`` counts
    what is none of these images; ``empty`` are class folders without an image.
    """

    name: str
    root: Path
    class_names: tuple[str, ...]
    sample_ids: list[str]
    labels: list[int]
    splits: list[str]
    groups: list[str] | None
    left_out: tuple[LeftOut, ...]
    empty: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Images of each class."""
        numbers = Counter(self.labels)
        return {name: numbers[label] for label, name in enumerate(self.class_names)}

    @property
    def parts(self) -> dict[str, int]:
        """Images of each part; one part alone is none."""
        numbers = Counter(self.splits)
        if len(numbers) < 2:
            return {}
        return {split: numbers[split] for split in ("train", "val", "test") if numbers[split]}

    def __str__(self) -> str:
        """``2 classes: ant 4, bee 4; train 6, val 2; left out: 3 images in 'runs'``."""
        listed = [f"{name} {number:,}" for name, number in self.counts.items()]
        more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
        one = "1 class" if len(listed) == 1 else f"{len(listed)} classes"
        parts = ", ".join(f"{name} {number:,}" for name, number in self.parts.items())
        images = [str(each) for each in self.left_out if each.reason.startswith("images")]
        return "; ".join(
            [
                f"{one}: {', '.join(listed[:_SHOWN])}{more}",
                *([parts] if parts else []),
                *([f"left out: {', '.join(images)}"] if images else []),
            ]
        )


def reading(
    name: str, root: Path, whole: Folder, classes: Sequence[ClassFolder], because: dict[int, str]
) -> Reading:
    """The reading that takes these class folders, in their order.

    Args:
        name: Of the way to read it; ``together`` in it makes one class of spellings that differ in case.
        root: The folder that paths are below.
        whole: What was found in the folder that a person named, which may lie above the root.
        classes: The folders that are read.
        because: For the ``id`` of a folder that is not, why.
    """
    twice = _twice(classes)
    classes = [each for each in classes if id(each.folder) not in twice]
    because = because | twice
    spelled = _spelled(classes, together="together" in name)
    filled = [each for each in classes if each.folder.num_images]
    class_names, labels = listing.indexed([spelled[id(each)] for each in filled])
    places = {split: place for place, split in reversed(list(enumerate(each.split for each in filled)))}
    order = sorted(range(len(filled)), key=lambda at: (places[filled[at].split], labels[at]))
    rows = [(at, path) for at in order for path in tree.images_of(filled[at].folder, f"{filled[at].path}/")]
    empty = {spelled[id(each)] for each in classes} - set(class_names)
    taken = {id(each.folder) for each in classes}
    return Reading(
        name=name,
        root=root,
        class_names=class_names,
        sample_ids=[path for _, path in rows],
        labels=[labels[at] for at, _ in rows],
        splits=[filled[at].split for at, _ in rows],
        groups=_groups(filled, rows),
        left_out=tree.by_reason([*_images_left(whole, taken, because), *tree.odd_of(whole)]),
        empty=tuple(sorted(empty, key=listing.natural)),
    )


def are_spelled_alike(classes: Sequence[ClassFolder]) -> bool:
    """Whether two classes of one part differ in case or underscores only; letters as classes may."""
    seen: dict[tuple[str, str], str] = {}
    for each in classes:
        name = _composed(each.name)
        known = seen.setdefault((each.split, roles.folded(name)), name)
        if known != name and len(name) > 1:
            return True
    return False


def _composed(name: str) -> str:
    """In one Unicode form, without spaces around it."""
    return unicodedata.normalize("NFC", name).strip()


def _spelled(classes: Sequence[ClassFolder], *, together: bool) -> dict[int, str]:
    """The class of each folder, by its ``id``: one for all Unicode forms, and for all parts."""
    images: Counter[str] = Counter()
    spellings: dict[str, list[str]] = defaultdict(list)
    for each in classes:
        name = _composed(each.name)
        images[name] += each.folder.num_images
        if name not in spellings[roles.folded(name)]:
            spellings[roles.folded(name)].append(name)
    if not together and are_spelled_alike(classes):
        return {id(each): _composed(each.name) for each in classes}
    usual = {key: max(names, key=lambda name: images[name]) for key, names in spellings.items()}
    letters = {name for names in spellings.values() for name in names if len(name) == 1}
    return {
        id(each): name if name in letters and not together else usual[roles.folded(name)]
        for each in classes
        for name in [_composed(each.name)]
    }


def _twice(classes: Sequence[ClassFolder]) -> dict[int, str]:
    """For the ``id`` of a class folder behind a link to another one: why it does not count again."""
    first: dict[tuple[int, int], ClassFolder] = {}
    found: dict[int, str] = {}
    for each in sorted(classes, key=lambda each: each.folder.is_linked):
        other = first.setdefault(each.folder.identity, each)
        if other is not each and each.folder.is_linked:
            found[id(each.folder)] = f"images in {each.path!r}, a link to {other.path!r}"
    return found


def _images_left(folder: Folder, taken: set[int], because: dict[int, str], path: str = "") -> Iterator[Odd]:
    """Images in folders that are not taken, one entry for each folder, with its reason."""
    if id(folder) in taken or not folder.num_images:
        return
    if id(folder) in because:
        yield Odd(because[id(folder)], next(tree.images_of(folder, path)), folder.num_images)
        return
    yield from (Odd(STRAY, path + name) for name in folder.images)
    for each in folder.folders:
        yield from _images_left(each, taken, because, f"{path}{each.name}/")


def _groups(classes: Sequence[ClassFolder], rows: list[tuple[int, str]]) -> list[str] | None:
    """What each image belongs to: its track, its patient's folder, or else itself; None where that is all."""
    frames = [_track(classes[at], path) for at, path in rows]
    if 2 * sum(map(bool, frames)) > len(rows):  # What was added to the frames belongs to none of them.
        return [frame or path for frame, (_, path) in zip(frames, rows, strict=True)]
    found = [classes[at].group or _patient(classes[at], path) for at, path in rows]
    of_class: dict[str, set[str]] = defaultdict(set)
    for (at, _), group in zip(rows, found, strict=True):
        of_class[classes[at].name].add(group)
    if not any(found) or any(len(groups) < _FEWEST_GROUPS for groups in of_class.values()):
        return None
    return [group or path for group, (_, path) in zip(found, rows, strict=True)]


def _track(folder: ClassFolder, path: str) -> str | None:
    """Class and track of a frame; one without the number of its class lies in a folder that has it."""
    match = _FRAME.fullmatch(path.rpartition("/")[2])
    if match is None or not (match[1] or folder.name.isdecimal()):
        return None
    return f"{folder.path}/{match[1] or ''}_{match[2]}"


def _patient(folder: ClassFolder, path: str) -> str:
    """The first folder below the class that is one of many; the same name in other classes is the same."""
    below = path[len(folder.path) + 1 :].split("/")[:-1]
    return next((name for name in below if roles.is_one_of_many(name)), "")
