"""What a training leaves beside its card, checked as it is read: history and progress."""

import io
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from core import files
from core.checkpoints import paths
from core.errors import CheckpointError, FileError
from core.files import stored, tables

_MOST_COLUMNS = 100
_MOST_BYTES, _MOST_EPOCHS = 64 * 2**20, 10**6
# Ranges of the columns of a history; other columns may hold any number.
_RANGES = {
    "epoch": (1, _MOST_EPOCHS),
    "train_loss": (0, np.inf),
    "val_loss": (0, np.inf),
    "train_accuracy": (0, 1),
    "val_accuracy": (0, 1),
    "val_balanced_accuracy": (0, 1),
    "val_macro_f1": (0, 1),
    "lr": (0, np.inf),
    "seconds": (0, np.inf),
}

Positive = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Json = dict[str, Any]


@with_config(ConfigDict(strict=True, extra="allow", allow_inf_nan=False))
class _Progress(TypedDict, total=False):
    """The progress of the training; before it begins, of a phase."""

    phase: Annotated[str, Field(max_length=1_000)]
    epoch: Count
    epochs: Count
    share: float
    images_per_s: Positive
    left_s: Positive
    done: Count
    total: Count


_SCHEMA = TypeAdapter(_Progress)


def history(folder: Path) -> pd.DataFrame:
    """``history.csv``: one row per epoch, none before the first; CheckpointError if it is damaged."""
    path = folder / paths.HISTORY
    if not path.exists():
        return pd.DataFrame()
    try:
        content = files.read(path, _MOST_BYTES)
        _refuse_wide(content)
        rows = pd.read_csv(io.BytesIO(content))
        _check_history(rows)
    except (FileError, ValueError, OverflowError) as error:
        raise _refused(
            path, error, "the curves are not shown; delete the file if it cannot be repaired"
        ) from error
    return rows


def progress(folder: Path) -> Json:
    """``progress.json``: the last progress reported, empty before the first; raises as `history`."""
    path = folder / paths.PROGRESS
    if not path.exists():
        return {}
    try:
        said = stored.checked(_SCHEMA, stored.read_json(path))
    except (FileError, ValueError) as error:
        raise _refused(path, error, "delete it: the training writes it again") from error
    return {**said}


def _refuse_wide(content: bytes) -> None:
    """Raise ValueError before parsing: a hundred thousand columns take half a minute."""
    widest = max((line.count(b",") + 1 for line in content.splitlines()), default=0)
    if widest > _MOST_COLUMNS:
        raise ValueError(f"it has {widest:,} columns, expected at most {_MOST_COLUMNS}")


def _check_history(rows: pd.DataFrame) -> None:
    if "epoch" not in rows:
        raise ValueError("the column 'epoch' is missing")
    if len(rows) > _MOST_EPOCHS:
        raise ValueError(f"it has {len(rows):,} rows, expected at most {_MOST_EPOCHS:,}")
    for name in rows:
        _check_column(str(name), rows[name])
    epochs = rows["epoch"].to_numpy()
    if rows["epoch"].dtype.kind not in "iu" or (np.diff(epochs) <= 0).any():
        raise ValueError("epoch must hold rising whole numbers")


def _check_column(name: str, values: pd.Series) -> None:
    if values.dtype.kind not in "iuf":
        text = next((each for each in values if isinstance(each, str)), values.iloc[0])
        raise ValueError(f"{name} holds {stored.in_words(str(text))}: expected numbers")
    low, high = _RANGES.get(name, (-np.inf, np.inf))
    known = values.dropna()
    if len(known) and not low <= known.min() <= known.max() <= high:
        raise ValueError(f"{name} goes from {known.min():g} to {known.max():g}: expected {low:g} to {high:g}")


def _refused(path: Path, error: Exception, advice: str) -> CheckpointError:
    return CheckpointError(f"{str(path)!r} cannot be used: {tables.said(error)}; {advice}")
