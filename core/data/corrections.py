"""Decisions on labels, ``corrections.csv``: which are right, which class is, which images to leave out.

The images and their labels on disk are never changed: decisions are applied to a data set that is open.
"""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import files
from core.data.image_set import Corrected, ImageSet
from core.errors import DataError
from core.files import places

KEEP, RELABEL, EXCLUDE, UNSURE = DECISIONS = ("keep", "relabel", "exclude", "unsure")
_COLUMNS = ("sample_id", "path", "decision", "label")
_NEEDED = ("sample_id", "decision")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MOST_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class Correction:
    """One decision; ``label`` is the name of the right class with `RELABEL`, else empty."""

    sample_id: str
    decision: str
    label: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise ValueError(f"the decision {self.decision!r} is none of {', '.join(DECISIONS)}")
        if (self.decision == RELABEL) != bool(self.label):
            raise ValueError(f"{self.decision} with the label {self.label!r}; only relabel has one")


def usual_place(images: ImageSet) -> Path:
    """The file of a data set's decisions in the user's cache: its name, and a number for its folder."""
    name, number = images.name, ""
    if images.root is not None:
        digest = hashlib.blake2b(str(images.root.resolve()).encode(errors="replace"), digest_size=4)
        name, number = images.root.name, f"-{digest.hexdigest()}"
    return places.cache_root() / "corrections" / f"{name}{number}.csv"


def named(text: str) -> Path:
    """The file of decisions that a user has typed, which need not exist yet.

    Raises:
        DataError: it cannot be such a file, or it is of another form.
    """
    path = Path(text).expanduser()
    if path.suffix.lower() != ".csv" or not path.is_absolute():
        raise DataError(f"got {text!r}; expected the whole path of a file that ends in .csv")
    if not path.parent.is_dir():
        raise DataError(f"no folder {str(path.parent)!r}; make it first")
    if path.exists():
        read(path)
    return path.resolve()


def read(path: Path) -> dict[str, Correction]:
    """The decisions by sample id; of several on one sample the last.

    Columns are ``sample_id``, ``decision`` and, for `RELABEL`, ``label``; others are ignored.

    Raises:
        DataError: the file is not such a table; the message names the row.
        FileError: the file cannot be read.
    """
    rows = csv.DictReader(io.StringIO(files.text_of(files.read(path, _MOST_BYTES), repr(str(path)))))
    missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
    if missing:
        raise DataError(f"{path.name!r} lacks the column {missing[0]!r}; expected {', '.join(_COLUMNS)}")
    decided: dict[str, Correction] = {}
    try:
        for number, row in enumerate(rows, 2):
            known = _of_row(path, number, row)
            decided[known.sample_id] = known
    except csv.Error as error:
        raise DataError(f"{path.name!r} is not a CSV file: {error}") from error
    return decided


def _of_row(path: Path, number: int, row: dict[str, str | None]) -> Correction:
    sample_id, file, decision, label = (_plain((row.get(name) or "").strip()) for name in _COLUMNS)
    try:
        return Correction(sample_id, decision.lower(), label, file)
    except ValueError as error:
        raise DataError(f"row {number} of {path.name!r}: {error}") from error


def write(path: Path, decided: Iterable[Correction]) -> None:
    """Write the file, whole or not at all; texts that look like formulas get an apostrophe (CWE-1236)."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for each in decided:
        rows.writerow(map(_safe, (each.sample_id, each.path, each.decision, each.label)))
    files.make_folder(path.parent)
    files.write(path, text.getvalue().encode())


def applied(images: ImageSet, path: Path) -> ImageSet:
    """The data set with the decisions in a file: other labels, and images left out of every split.

    Splits are drawn as without them, so that no image moves from one side to the other.

    Raises:
        DataError: as `read`, or no decision is on a sample, or a label is no class of the data set.
    """
    decided = list(read(path).values())
    place = {name: row for row, name in enumerate(images.sample_ids)}
    there = [(place[each.sample_id], each) for each in decided if each.sample_id in place]
    if decided and not there:
        raise DataError(
            f"none of the {len(decided)} decisions in {path.name!r} is on a sample of {images.name!r}: it "
            f"has {decided[0].sample_id!r}, the samples are such as {images.sample_ids[0]!r}"
        )
    class_of = {name: label for label, name in enumerate(images.class_names)}
    labels, excluded = images.labels.copy(), np.zeros(len(images), bool)
    for row, each in there:
        excluded[row] = each.decision == EXCLUDE
        if each.decision == RELABEL:
            if each.label not in class_of:
                raise DataError(f"{each.sample_id!r} is relabelled {each.label!r}, which is no class here")
            labels[row] = class_of[each.label]
    known = Corrected(images.labels, excluded, files.checksum(path))
    return replace(images, labels=labels, corrected=known)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
