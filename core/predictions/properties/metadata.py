"""Columns of the user's own for the samples of a data set, from a CSV file: camera, hospital, weather."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core import files
from core.data.image_set import ImageSet, Metadatum
from core.errors import DataError
from core.predictions import schema
from core.predictions.properties.measuring import MEASURED
from core.predictions.properties.table import OBJECTS

_MOST_BYTES = 2**30
_KEYS = ("sample_id", "path", "file", "file_name", "filename", "image")
_DELIMITERS = ",;\t"
_TAKEN = {*schema.COLUMNS, *MEASURED, *OBJECTS}
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_UNKNOWN = {"na", "n/a", "nan", "null"}  # Among numbers.


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """A data set with the columns of a CSV file among its metadata, and notes for the user."""

    images: ImageSet
    notes: tuple[str, ...] = ()


def described(images: ImageSet, path: Path) -> Described:
    """The data set with the columns of a CSV file, whose rows are joined by sample id or path.

    The column of paths is the one named ``sample_id``, ``path``, ``file``, ``image``, else the first. A path
    may be a sample id, an absolute path, or only the name of a file, if no two images share it. Columns that
    an evaluation makes itself, such as ``label``, are left out. A sample without a row has no values.

    Raises:
        DataError: the file is not such a table, or none of its rows is of a sample.
        FileError: the file cannot be read.
    """
    table = _read(path)
    key = next((name for name in _KEYS if name in table), next(iter(table)))
    rows = _rows_of(images, table[key])
    if not any(row is not None for row in rows):
        raise DataError(
            f"none of the {len(table[key])} rows of {path.name!r} is of a sample: the column {key!r} has "
            f"{table[key][0]!r}, the samples are such as {images.sample_ids[0]!r}"
        )
    names = [name for name in table if name != key and name not in _TAKEN]
    columns = {name: _typed([None if row is None else table[name][row] for row in rows]) for name in names}
    left_out = [name for name in table if name != key and name in _TAKEN]
    notes = _notes(path, left_out, rows.count(None))
    return Described(replace(images, metadata={**images.metadata, **columns}), notes)


def _notes(path: Path, left_out: Sequence[str], num_without: int) -> tuple[str, ...]:
    notes = []
    if left_out:
        notes.append(
            f"columns of {path.name!r} left out, as an evaluation has its own: {', '.join(left_out)}"
        )
    if num_without:
        notes.append(f"samples without a row in {path.name!r}: {num_without:,}")
    return tuple(notes)


def _read(path: Path) -> dict[str, list[str]]:
    """The columns of a CSV file by name, as texts."""
    text = files.text_of(files.read(path, _MOST_BYTES), repr(str(path)))
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=first.count))
    try:
        header, *lines = [row for row in rows if row]
    except (csv.Error, ValueError) as error:
        raise DataError(f"{path.name!r} is not a CSV file with a row of names: {error}") from error
    names = [name.strip() for name in header]
    if not lines or len(set(names)) < len(names) or "" in names:
        raise DataError(
            f"{path.name!r} has the columns {names!r} in {len(lines)} rows; expected a name for each"
        )
    for number, row in enumerate(lines, 2):
        if len(row) != len(names):
            raise DataError(f"row {number} of {path.name!r} has {len(row)} values; expected {len(names)}")
    columns = zip(*lines, strict=True)
    return {name: [value.strip() for value in column] for name, column in zip(names, columns, strict=True)}


def _rows_of(images: ImageSet, keys: Sequence[str]) -> list[int | None]:
    """For each sample its row in the file; by sample id, else by the names of files."""
    root = "" if images.root is None else f"{_plain(str(images.root.resolve()))}/"
    ids = [_plain(each) for each in images.sample_ids]
    names = [_plain(key).removeprefix("./").removeprefix(root) for key in keys]
    row_of = _numbered(names)
    rows = [row_of.get(each) for each in ids]
    if any(row is not None for row in rows):
        return rows
    short = [each.rpartition("/")[2] for each in ids]
    if len(set(short)) < len(short):
        return rows
    row_of = _numbered([each.rpartition("/")[2] for each in names])
    return [row_of.get(each) for each in short]


def _numbered(keys: Sequence[str]) -> dict[str, int]:
    """The row of each key; DataError for one that occurs twice."""
    row_of: dict[str, int] = {}
    for row, key in enumerate(keys):
        if row_of.setdefault(key, row) != row:
            raise DataError(f"{key!r} has two rows of metadata; expected one for each sample")
    return row_of


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path.replace("\\", "/"))


def _typed(values: Sequence[str | None]) -> list[Metadatum | None]:
    """Numbers if all values are numbers, else texts; empty values are None. ``007`` is a text."""
    given = [value for value in values if value and value.casefold() not in _UNKNOWN]
    if all(map(_NUMBER.fullmatch, given)):
        return [float(value) if value and _NUMBER.fullmatch(value) else None for value in values]
    return [value or None for value in values]
