"""Read Parquet tables and check their columns: types, ranges and lengths."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core import files
from core.errors import FileError
from core.files import stored

_MOST_ROWS, _MOST_BYTES = 100_000_000, 32 * 2**30
_LIST = (pa.types.is_list, pa.types.is_large_list)
# Errors for a file that is not a Parquet table, or not the expected one.
FAULTS = (OSError, FileError, ValueError, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class Column:
    """The allowed types of a column, in words and as Arrow's tests, and their range; of texts, the length."""

    what: str
    kinds: tuple[Callable[[pa.DataType], bool], ...]
    low: float = -np.inf
    high: float = np.inf


def text(low: int, high: int) -> Column:
    """Texts of ``low`` to ``high`` bytes; pandas writes the large type."""
    return Column("a text", (pa.types.is_string, pa.types.is_large_string), low, high)


def whole(what: str, low: int, high: float = np.inf) -> Column:
    """Integers, such as class indices; ``what`` names one."""
    return Column(what, (pa.types.is_integer,), low, high)


def number(low: float = -np.inf, high: float = np.inf) -> Column:
    """Floating-point numbers, none of them NaN."""
    return Column("a number", (pa.types.is_floating,), low, high)


def read(path: Path) -> pa.Table:
    """The table in a Parquet file of a size that fits in memory.

    Raises one of `FAULTS`; `said` gives its message.
    """
    with files.opened(path):
        pass  # Refuses a pipe, which would block forever.
    with pq.ParquetFile(path) as file:
        about = file.metadata
        size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
        if about.num_rows > _MOST_ROWS or size > _MOST_BYTES:
            raise ValueError(f"it has {about.num_rows:,} rows in {files.in_words(size)}, which is too large")
    return pq.read_table(path)


def check(table: pa.Table, columns: Mapping[str, Column]) -> None:
    """ValueError for a column that is missing, of another type, or with values out of range."""
    _refuse_missing(table, columns)
    for name, column in columns.items():
        _of_kind(name, table[name].type, column, column.what)
        in_range(name, table[name], column)


def check_lists(table: pa.Table, columns: Mapping[str, Column], longest: int) -> None:
    """`check` for columns of lists: 1 to ``longest`` values, the same number in each row."""
    _refuse_missing(table, columns)
    for name, column in columns.items():
        values = table[name]
        if not any(fits(values.type) for fits in _LIST):
            raise ValueError(f"lacks a column {name!r} of lists: it holds {values.type}")
        _of_kind(name, values.type.value_type, column, f"lists of {column.what.removeprefix('a ')}")
        _refuse_nulls(name, values)
        low, high = length(values)
        if low != high or not 1 <= low <= longest:
            raise ValueError(
                f"has lists of {low} to {high} values in {name!r}: expected 1 to {longest}, as many in each"
            )
        for chunk in values.chunks:
            in_range(name, chunk.flatten(), column)


def _of_kind(name: str, kind: pa.DataType, column: Column, what: str) -> None:
    if not any(fits(kind) for fits in column.kinds):
        raise ValueError(f"lacks a column {name!r} of the right type: it holds {kind}, expected {what}")


def in_range(name: str, values: pa.ChunkedArray | pa.Array, column: Column) -> None:
    """ValueError for nulls, NaN and values out of range; for texts of a wrong length or not in UTF-8."""
    _refuse_nulls(name, values)
    is_text = column.what == "a text"
    if is_text:
        _refuse_bytes(name, values)
    low, high = _extremes(pc.binary_length(values) if is_text else values)
    if not column.low <= low <= high <= column.high:  # False for NaN.
        strange = low if not low >= column.low else high
        unit = " bytes" if is_text else ""
        raise ValueError(f"has {stored.in_words(strange)}{unit} in {name!r}: expected {_range(column)}")


def _refuse_bytes(name: str, values: pa.ChunkedArray) -> None:
    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        raise ValueError(f"has a text in {name!r} that is not UTF-8") from error


def _extremes(values: pa.ChunkedArray | pa.Array) -> tuple[Any, Any]:
    """The smallest and the largest value; both NaN if one is NaN."""
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    arrays = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks if len(chunk)]
    ends = np.array([(array.min(), array.max()) for array in arrays] or [(0, 0)])
    return ends[:, 0].min().item(), ends[:, 1].max().item()


def _refuse_nulls(name: str, values: pa.ChunkedArray | pa.Array) -> None:
    if values.null_count:
        raise ValueError(f"has null in {name!r}: expected a value in every row")


def length(values: pa.ChunkedArray) -> tuple[int, int]:
    """The lengths of the shortest and of the longest list."""
    lengths = pc.min_max(pc.list_value_length(values)).as_py()
    return lengths["min"], lengths["max"]


def _range(column: Column) -> str:
    if column.high == np.inf:
        return f"{column.what}, {max(column.low, 0):g} or more"
    return f"{column.what}, {round(column.low, 3) + 0.0:g} to {round(column.high, 3):g}"


def said(error: Exception) -> str:
    """The first line of an error."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _refuse_missing(table: pa.Table, columns: Mapping[str, Column]) -> None:
    for name in columns:
        if len(table.schema.get_all_field_indices(name)) != 1:
            raise ValueError(f"lacks a column {name!r}, or has more than one")
