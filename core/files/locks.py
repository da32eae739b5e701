"""Locks between processes: a file that one process holds while it works, and that goes with the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core import files


def is_held(path: Path) -> bool:
    """Whether a process holds this lock. To find out, a free one is held for a moment."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def acquired(path: Path, taken: Exception, *, wait_s: float = 0.0) -> FileLock:
    """The lock, held until it is released or this process ends.

    Raises:
        Exception: ``taken``, where another process still holds it after ``wait_s`` seconds.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise taken from error
    return lock


@contextmanager
def held(path: Path, taken: Exception, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock while the block runs; raises as `acquired`."""
    lock = acquired(path, taken, wait_s=wait_s)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Hold the lock while the block runs, after every process that holds it now; its folder is made.

    Raises:
        FileError: the disk is full or read-only.
    """
    files.make_folder(path.parent)
    lock = FileLock(path)
    with files.writing(path.parent):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
