"""The box of the object in a photo, for data that say so: GTSRB, and the heads of Oxford-IIIT Pet."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core import files
from core.errors import DataError, FileError

Size = tuple[int, int]

_CORNERS = ("Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2")
_TEST = ("GT-final_test.csv", "GT-final_test.test.csv")
_TABLES = 64  # GTSRB has one for each of its 43 classes.
_NUMBERS = ("width", "height", "xmin", "ymin", "xmax", "ymax")  # Of an annotation in Pascal VOC's XML.


@dataclass(frozen=True, slots=True)
class ObjectBox:
    """In pixels of a photo of ``size`` (width, height); right and bottom edges are outside."""

    size: Size
    left: int
    top: int
    right: int
    bottom: int


def box_of(photo: Path) -> ObjectBox | None:
    """The box of the object in a photo's file, from what lies beside it; None without one.

    Raises:
        DataError: the table of boxes is damaged.
        FileError: the table cannot be read.
    """
    annotation = photo.parent.parent / "annotations" / "xmls" / f"{photo.stem}.xml"
    return _annotated(annotation) if annotation.is_file() else listed_box(photo)


def listed_box(photo: Path) -> ObjectBox | None:
    """The same from tables only, in GTSRB's layout or in Kaggle's; errors as `box_of`."""
    return next(filter(None, (_boxes_in(table).get(name) for table, name in _tables(photo))), None)


def _annotated(path: Path) -> ObjectBox | None:
    """The first box of an annotation; None if it is damaged. A box includes its last row and column."""
    try:
        text = files.read_text(path)
    except FileError:
        return None
    numbers = [re.search(rf"<{name}>\s*(\d+)\s*</{name}>", text) for name in _NUMBERS]
    if not all(numbers):
        return None
    width, height, left, top, right, bottom = (int(each[1]) for each in numbers if each)
    return ObjectBox((width, height), left - 1, top - 1, right, bottom)


def _tables(photo: Path) -> Iterator[tuple[Path, str]]:
    """Tables that may have the photo's box, and its name there."""
    parents = list(photo.parents)[:4]
    yield photo.parent / f"GT-{photo.parent.name}.csv", photo.name
    if len(parents) > 1 and parents[1].name == "Final_Test":
        yield from ((parent / name, photo.name) for parent in parents for name in _TEST)
    for depth, part in ((1, "Test"), (2, "Train")):  # Kaggle's.
        if len(parents) > depth and parents[depth - 1].name.title() == part:
            yield parents[depth] / f"{part}.csv", photo.relative_to(parents[depth]).as_posix()


def _boxes_in(table: Path) -> Mapping[str, ObjectBox]:
    return _boxes(table, table.stat().st_mtime_ns) if table.is_file() else {}


@lru_cache(_TABLES)
def _boxes(table: Path, _changed_ns: int) -> Mapping[str, ObjectBox]:
    """By name; empty if the table has no boxes."""
    text = files.read_text(table)
    head = text.partition("\n")[0]
    if _CORNERS[0] not in head:
        return {}
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",", skipinitialspace=True)
    name = "Filename" if "Filename" in head else "Path"
    try:
        return {row[name]: _box(row) for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"the table of boxes {str(table)!r} is damaged; unpack it again") from error


def _box(row: Mapping[str, str]) -> ObjectBox:
    return ObjectBox((int(row["Width"]), int(row["Height"])), *(int(row[corner]) for corner in _CORNERS))
