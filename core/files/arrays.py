"""Arrays on disk, written whole or not at all."""

from collections.abc import Iterable
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


def write_rows(path: Path, shape: tuple[int, ...], pieces: Iterable[NDArray[Any]], dtype: type[Any]) -> None:
    """Write one array as ``.npy``, in pieces that follow each other along its first axis.

    The caller takes care that it appears whole, as with `files.draft`.
    """
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": shape,
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, dtype).data)


def mapped(path: Path, dtype: type[np.generic]) -> NDArray[Any] | None:
    """An array of this type in a ``.npy`` file, mapped into memory; None if the file is not one.

    Changes of the array stay in memory.
    """
    try:
        with files.opened(path):
            pass  # Regular files only: a pipe would block forever.
        array = np.load(path, mmap_mode="c")  # PyTorch warns of arrays that cannot be written.
    except (OSError, ValueError, EOFError):
        return None
    return array if array.dtype == dtype and array.flags.c_contiguous else None
