"""One reading of a folder: the class and the part of each subfolder, and the images, labels and groups."""

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
_FEWEST_GROUPS = 2  # Of a class: a single group cannot be in training and in validation.
_SHOWN = 6  # Classes that are listed in a sentence.
# Frames of a sign filmed while driving past: track and frame, maybe after the number of the class.
_FRAME = re.compile(r"(?:(\d+)_)?(\d{5})_\d{5}\.\w+")


@dataclass(frozen=True, slots=True, eq=False)
class ClassFolder:
    """A folder of images of one class: its part, its class name as spelled, its path below the root.

    ``group`` names the group of all its images, such as a patient; it is empty without a group.
    """

    split: str
    name: str
    path: str
    folder: Folder
    group: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The images of a folder in one reading: N images of C classes.

    ``name`` is a value of ``--layout``. ``class_names`` (C,) are in natural order. ``sample_ids``, ``labels``
    and ``splits`` have N entries; so has ``groups``, which is None without groups. ``left_out`` counts other
    files; ``empty`` are class folders without images.
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
        """The number of images of each class."""
        numbers = Counter(self.labels)
        return {name: numbers[label] for label, name in enumerate(self.class_names)}

    @property
    def parts(self) -> dict[str, int]:
        """The number of images of each part; empty if there is only one part."""
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
    """The reading with these class folders, in their order.

    Args:
        name: The name of the reading; with ``together``, spellings that differ in case are one class.
        root: The folder that paths are relative to.
        whole: The scan of the folder that the user named, which may be above the root.
        classes: The class folders.
        because: For the ``id`` of each folder that is not read, the reason.
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
    """Whether two class names of one part differ only in case or underscores; single letters may."""
    seen: dict[tuple[str, str], str] = {}
    for each in classes:
        name = _composed(each.name)
        known = seen.setdefault((each.split, roles.folded(name)), name)
        if known != name and len(name) > 1:
            return True
    return False


def _composed(name: str) -> str:
    """The name in one Unicode form, stripped of spaces."""
    return unicodedata.normalize("NFC", name).strip()


def _spelled(classes: Sequence[ClassFolder], *, together: bool) -> dict[int, str]:
    """The class name of each folder, by its ``id``: the same for all Unicode forms and all parts."""
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
    """For the ``id`` of each class folder that is a link to another one: why it is left out."""
    first: dict[tuple[int, int], ClassFolder] = {}
    reasons: dict[int, str] = {}
    for each in sorted(classes, key=lambda each: each.folder.is_linked):
        other = first.setdefault(each.folder.identity, each)
        if other is not each and each.folder.is_linked:
            reasons[id(each.folder)] = f"images in {each.path!r}, a link to {other.path!r}"
    return reasons


def _images_left(folder: Folder, taken: set[int], because: dict[int, str], path: str = "") -> Iterator[Odd]:
    """The images in folders that are not read: one entry for each folder, with the reason."""
    if id(folder) in taken or not folder.num_images:
        return
    if id(folder) in because:
        yield Odd(because[id(folder)], next(tree.images_of(folder, path)), folder.num_images)
        return
    yield from (Odd(STRAY, path + name) for name in folder.images)
    for each in folder.folders:
        yield from _images_left(each, taken, because, f"{path}{each.name}/")


def _groups(classes: Sequence[ClassFolder], rows: list[tuple[int, str]]) -> list[str] | None:
    """The group of each image: its track, its patient's folder, or else itself; None without real groups."""
    frames = [_track(classes[at], path) for at, path in rows]
    if 2 * sum(map(bool, frames)) > len(rows):  # Most images are frames; each other image is its own group.
        return [frame or path for frame, (_, path) in zip(frames, rows, strict=True)]
    patients = [classes[at].group or _patient(classes[at], path) for at, path in rows]
    of_class: dict[str, set[str]] = defaultdict(set)
    for (at, _), group in zip(rows, patients, strict=True):
        of_class[classes[at].name].add(group)
    if not any(patients) or any(len(groups) < _FEWEST_GROUPS for groups in of_class.values()):
        return None
    return [group or path for group, (_, path) in zip(patients, rows, strict=True)]


def _track(folder: ClassFolder, path: str) -> str | None:
    """The class and track of a frame; None for another image. The folder may be named by the class number."""
    match = _FRAME.fullmatch(path.rpartition("/")[2])
    if match is None or not (match[1] or folder.name.isdecimal()):
        return None
    return f"{folder.path}/{match[1] or ''}_{match[2]}"


def _patient(folder: ClassFolder, path: str) -> str:
    """The name of the first folder below the class that is one patient, video or track; empty without one."""
    below = path[len(folder.path) + 1 :].split("/")[:-1]
    return next((name for name in below if roles.is_one_of_many(name)), "")
