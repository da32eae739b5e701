"""The schema of a predictions table; types, ranges and lengths are checked by columns on reading."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import CheckpointError
from core.files import tables

FORMAT = 1
_VERSION = b"seewhy.predictions"
METADATA = {_VERSION: str(FORMAT).encode()}  # Metadata of a file in this format; older files have none.
_MOST_SPLITS = 1_000
_TOP = 5
_ROUNDING = 1e-6  # Rounding of a float32 softmax may leave 0 to 1 by this much.
_CLASS, _PROBABILITY = tables.whole("a class", 0), tables.number(-_ROUNDING, 1 + _ROUNDING)
_COLUMNS = {
    "sample_id": tables.text(1, 10_000),
    "path": tables.text(0, 10_000),
    "split": tables.text(0, 1_000),
    "label": _CLASS,
    "predicted": _CLASS,
    "p_label": _PROBABILITY,
    "p_predicted": _PROBABILITY,
    "loss": tables.number(-1e-3),  # Rounding may leave a loss just below 0.
    "margin": tables.number(-1, 1),
}
_LISTS = {"top5": _CLASS, "top5_probability": _PROBABILITY}
COLUMNS = (*_COLUMNS, *_LISTS)


def read(path: Path, again: str) -> pa.Table:
    """A predictions table, checked; its classes are checked by `check_classes`.

    Raises:
        CheckpointError: the table is not valid; the message names the fault, ``again`` the remedy.
    """
    name = repr(str(path))
    try:
        table = tables.read(path)
    except tables.FAULTS as error:
        said = tables.said(error)
        raise CheckpointError(f"{name} is not a readable predictions table: {said}; {again}") from error
    if not table.num_rows:
        raise CheckpointError(f"the predictions table {name} has no rows; {again}")
    try:
        _check(table)
    except tables.FAULTS as error:
        advice = _newer(table) or again
        raise CheckpointError(f"the predictions table {name} {tables.said(error)}; {advice}") from error
    return table


def check_classes(table: pa.Table, num_classes: int) -> None:
    """Raise ValueError for a class that is not below ``num_classes``."""
    known = tables.whole("a class", 0, num_classes - 1)
    for name in ("label", "predicted"):
        tables.in_range(name, table[name], known)
    for chunk in table["top5"].chunks:
        tables.in_range("top5", chunk.flatten(), known)


def _check(table: pa.Table) -> None:
    tables.check(table, _COLUMNS)
    tables.check_lists(table, _LISTS, _TOP)
    if tables.length(table["top5"]) != tables.length(table["top5_probability"]):
        raise ValueError("has lists of different lengths in 'top5' and 'top5_probability'")
    if len(pc.unique(table["split"])) > _MOST_SPLITS:
        raise ValueError(f"has more than {_MOST_SPLITS:,} splits")


def _newer(table: pa.Table) -> str | None:
    version = (table.schema.metadata or {}).get(_VERSION, b"1")
    if version.isdigit() and int(version[:9]) > FORMAT:
        return f"it was written by a newer version of SeeWhy (format {int(version[:9])}): update SeeWhy"
    return None
