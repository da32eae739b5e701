"""Arrays on disk, written whole or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import files


def write(path: Path, array: NDArray[Any]) -> None:
    """Write one array as ``.npy``; FileError as `files.draft`."""
    with files.draft(path) as draft, draft.open("wb") as file:
        np.save(file, array)


def write_named(path: Path, **arrays: NDArray[Any]) -> None:
    """Write several arrays by name as ``.npz``; FileError as `files.draft`."""
    with files.draft(path) as draft, draft.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
