"""What a predictions table must hold, checked by whole columns when it is read: types, ranges and lengths."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core import files, stored
from core.errors import CheckpointError, FileError

FORMAT = 1
_VERSION = b"seewhy.predictions"
METADATA = {_VERSION: str(FORMAT).encode()}  # Of a file in this format; an older file has none.
_MOST_ROWS, _MOST_BYTES = 100_000_000, 32 * 2**30
_MOST_SPLITS = 1_000
_TOP = 5


@dataclass(frozen=True, slots=True)
class _Column:
    """The kinds of a column's values, in words and as Arrow's tests; a range, or a length of texts."""

    what: str
    kinds: tuple[Callable[[pa.DataType], bool], ...]
    low: float = -np.inf
    high: float = np.inf


# Pandas writes the large kinds.
_TEXT = ("a text", (pa.types.is_string, pa.types.is_large_string))
_CLASS, _NUMBER = ("a class", (pa.types.is_integer,)), ("a number", (pa.types.is_floating,))
_LIST = (pa.types.is_list, pa.types.is_large_list)
_COLUMNS = {
    "sample_id": _Column(*_TEXT, 1, 10_000),
    "path": _Column(*_TEXT, 0, 10_000),
    "split": _Column(*_TEXT, 0, 1_000),
    "label": _Column(*_CLASS, 0),
    "predicted": _Column(*_CLASS, 0),
    "p_label": _Column(*_NUMBER, 0, 1),
    "p_predicted": _Column(*_NUMBER, 0, 1),
    "loss": _Column(*_NUMBER, -1e-3),  # Rounding may leave it just below 0.
    "margin": _Column(*_NUMBER, -1, 1),
}
_LISTS = {"top5": _Column(*_CLASS, 0), "top5_probability": _Column(*_NUMBER, 0, 1)}


def read(path: Path, again: str) -> pa.Table:
    """A predictions table that holds what it must; classes are checked by `check_classes`.

    Raises:
        CheckpointError: names the file and what is wrong with it; ``again`` says what to do.
    """
    name = repr(str(path))
    try:
        with files.opened(path):
            pass  # It is a regular file: a pipe would block for ever.
        table = _read(path)
    except (OSError, FileError, ValueError, pa.ArrowException) as error:
        raise CheckpointError(
            f"{name} is not a readable predictions table: {_said(error)}; {again}"
        ) from error
    if not table.num_rows:
        raise CheckpointError(f"the predictions table {name} has no rows; {again}")
    try:
        _check(table)
    except (ValueError, pa.ArrowException) as error:
        raise CheckpointError(
            f"the predictions table {name} {_said(error)}; {_newer(table) or again}"
        ) from error
    return table


def check_classes(table: pa.Table, num_classes: int) -> None:
    """ValueError where a class is not below ``num_classes``; the rest has been checked."""
    for name in ("label", "predicted"):
        _in_range(name, table[name].combine_chunks(), _Column(*_CLASS, 0, num_classes - 1))
    listed = table["top5"].combine_chunks()
    _in_range("top5", listed.flatten(), _Column(*_CLASS, 0, num_classes - 1))


def _read(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        about = file.metadata
        size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
        if about.num_rows > _MOST_ROWS or size > _MOST_BYTES:
            raise ValueError(f"it has {about.num_rows:,} rows in {files.in_words(size)}, which is too much")
    return pq.read_table(path)


def _check(table: pa.Table) -> None:
    for name in (*_COLUMNS, *_LISTS):
        if len(table.schema.get_all_field_indices(name)) != 1:
            raise ValueError(f"lacks a column {name!r}, or has it twice")
    for name, column in _COLUMNS.items():
        values = table[name]
        _of_kind(name, values.type, column, column.what)
        _in_range(name, values, column)
    for name, column in _LISTS.items():
        _check_lists(name, table[name], column)
    if _length(table["top5"]) != _length(table["top5_probability"]):
        raise ValueError("has in 'top5' and 'top5_probability' lists of different lengths")
    if len(pc.unique(table["split"])) > _MOST_SPLITS:
        raise ValueError(f"has more than {_MOST_SPLITS:,} splits")


def _check_lists(name: str, values: pa.ChunkedArray, column: _Column) -> None:
    if not any(fits(values.type) for fits in _LIST):
        raise ValueError(f"lacks a column {name!r} of lists: it holds {values.type}")
    _of_kind(name, values.type.value_type, column, f"lists of {column.what.removeprefix('a ')}")
    _refuse_nulls(name, values)
    low, high = _length(values)
    if low != high or not 1 <= low <= _TOP:
        raise ValueError(
            f"has in {name!r} lists of {low} to {high}: expected 1 to {_TOP}, as many in each row"
        )
    for chunk in values.chunks:
        _in_range(name, chunk.flatten(), column)


def _of_kind(name: str, kind: pa.DataType, column: _Column, what: str) -> None:
    if not any(fits(kind) for fits in column.kinds):
        raise ValueError(f"lacks a column {name!r} of the right kind: it holds {kind}, expected {what}")


def _in_range(name: str, values: pa.ChunkedArray | pa.Array, column: _Column) -> None:
    """Refuse what is null, no number, or out of range; of texts, their lengths, and what is not UTF-8."""
    _refuse_nulls(name, values)
    is_text = column.what == _TEXT[0]
    if is_text:
        _refuse_bytes(name, values)
    low, high = _extremes(pc.binary_length(values) if is_text else values)
    if not column.low <= low <= high <= column.high:  # NaN is in no range.
        strange = low if not low >= column.low else high
        unit = " bytes" if is_text else ""
        raise ValueError(f"has {stored.in_words(strange)}{unit} in {name!r}: expected {_range(column)}")


def _refuse_bytes(name: str, values: pa.ChunkedArray) -> None:
    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        raise ValueError(f"has in {name!r} what is no text in UTF-8") from error


def _extremes(values: pa.ChunkedArray | pa.Array) -> tuple[Any, Any]:
    """The least and the largest; both NaN where one is."""
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    arrays = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks if len(chunk)]
    found = np.array([(array.min(), array.max()) for array in arrays] or [(0, 0)])
    return found[:, 0].min().item(), found[:, 1].max().item()


def _refuse_nulls(name: str, values: pa.ChunkedArray | pa.Array) -> None:
    if values.null_count:
        raise ValueError(f"has null in {name!r}: expected a value in every row")


def _length(values: pa.ChunkedArray) -> tuple[int, int]:
    """Of the shortest and the longest list."""
    found = pc.min_max(pc.list_value_length(values)).as_py()
    return found["min"], found["max"]


def _range(column: _Column) -> str:
    if column.high == np.inf:
        return f"{column.what}, {max(column.low, 0):g} or more"
    return f"{column.what}, {column.low:g} to {column.high:g}"


def _newer(table: pa.Table) -> str | None:
    version = (table.schema.metadata or {}).get(_VERSION, b"1")
    if version.isdigit() and int(version[:9]) > FORMAT:
        return f"it was written by a newer version of SeeWhy (format {int(version[:9])}): update SeeWhy"
    return None


def _said(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
