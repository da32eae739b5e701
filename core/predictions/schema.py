"""What a predictions table must hold, checked by whole columns when it is read: types, ranges and lengths."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import CheckpointError
from core.files import tables

FORMAT = 1
_VERSION = b"seewhy.predictions"
METADATA = {_VERSION: str(FORMAT).encode()}  # Of a file in this format; an older file has none.
_MOST_SPLITS = 1_000
_TOP = 5
_ROUNDING = 1e-6  # By so much a softmax in single precision may leave 0 to 1.
_CLASS, _PROBABILITY = tables.whole("a class", 0), tables.number(-_ROUNDING, 1 + _ROUNDING)
_COLUMNS = {
    "sample_id": tables.text(1, 10_000),
    "path": tables.text(0, 10_000),
    "split": tables.text(0, 1_000),
    "label": _CLASS,
    "predicted": _CLASS,
    "p_label": _PROBABILITY,
    "p_predicted": _PROBABILITY,
    "loss": tables.number(-1e-3),  # Rounding may leave it just below 0.
    "margin": tables.number(-1, 1),
}
_LISTS = {"top5": _CLASS, "top5_probability": _PROBABILITY}


def read(path: Path, again: str) -> pa.Table:
    """A predictions table that holds what it must; classes are checked by `check_classes`.

    Raises:
        CheckpointError: names the file and what is wrong with it; ``again`` says what to do.
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
    """ValueError where a class is not below ``num_classes``; the rest has been checked."""
    known = tables.whole("a class", 0, num_classes - 1)
    for name in ("label", "predicted"):
        tables.in_range(name, table[name], known)
    for chunk in table["top5"].chunks:
        tables.in_range("top5", chunk.flatten(), known)


def _check(table: pa.Table) -> None:
    tables.check(table, _COLUMNS)
    tables.check_lists(table, _LISTS, _TOP)
    if tables.length(table["top5"]) != tables.length(table["top5_probability"]):
        raise ValueError("has in 'top5' and 'top5_probability' lists of different lengths")
    if len(pc.unique(table["split"])) > _MOST_SPLITS:
        raise ValueError(f"has more than {_MOST_SPLITS:,} splits")


def _newer(table: pa.Table) -> str | None:
    version = (table.schema.metadata or {}).get(_VERSION, b"1")
    if version.isdigit() and int(version[:9]) > FORMAT:
        return f"it was written by a newer version of SeeWhy (format {int(version[:9])}): update SeeWhy"
    return None
