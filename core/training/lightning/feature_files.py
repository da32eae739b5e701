"""The files with features of frozen parts: which are in use, and which make room for others."""

import math
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import FileError
from core.files import locks

_LIMIT, _USUAL_GB = "SEEWHY_FEATURES_GB", 20.0


def limit() -> int:
    """The bytes of features to keep: ``SEEWHY_FEATURES_GB`` times 10^9, 20 times if it is not set.

    Raises:
        FileError: it is no number.
    """
    wanted = os.environ.get(_LIMIT, "").strip()
    try:
        number = float(wanted or _USUAL_GB)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise FileError(f"{_LIMIT} is {wanted!r}; expected the gigabytes of features to keep, such as 20")
    return int(number * 1e9)


def opened(path: Path) -> NDArray[np.float32] | None:
    """The stored features, memory-mapped, in use until they are freed; None if missing or damaged."""
    mark = path.with_name(f"{path.stem}.{os.getpid()}-{os.urandom(4).hex()}.use")
    try:
        lock = locks.acquired(mark, FileError(f"{str(mark)!r} is held by another process"))
        try:
            features: NDArray[np.float32] = np.load(path, mmap_mode="r")
            os.utime(path)
        except (OSError, EOFError, ValueError):
            lock.release()
            mark.unlink(missing_ok=True)
            return None
    except OSError:  # The folder can be read only: nothing is deleted there either.
        return None
    # The map, not the array: arrays of another shape share it.
    weakref.finalize(features.base, lock.release)
    return features


def drop_oldest(folder: Path, most: int) -> None:
    """Delete the features used longest ago until all have at most ``most`` bytes; none that is in use."""
    every = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)
    excess = sum(path.stat().st_size for path in every) - most
    for path in every:
        if excess > 0 and not _is_in_use(list(folder.glob(f"{path.stem}.*.use"))):
            excess -= path.stat().st_size
            path.unlink()


def _is_in_use(marks: Sequence[Path]) -> bool:
    """Whether a process holds one of these marks; those of ended processes are deleted."""
    held = [mark for mark in marks if locks.is_held(mark)]
    for mark in set(marks) - set(held):
        mark.unlink(missing_ok=True)
    return bool(held)
