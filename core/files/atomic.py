"""Write files and folders whole or not at all: write a draft beside the target, sync it, rename it.

If the target is a link, the link is replaced, not followed.
"""

import hashlib
import itertools
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import FileError
from core.files.faults import writing

_DAY_S = 86_400
_COUNT = itertools.count()
_HOST = hashlib.blake2b(platform.node().encode(), digest_size=4).hexdigest()
_DRAFT = re.compile(r"\.([0-9a-f]{8})-(\d+)-\d+\.draft")


def write(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file whole or not at all; ``durable`` waits until it is on the disk. Raises as `draft`."""
    with draft(path, durable=durable) as beside, beside.open("wb") as file:
        file.write(content)


@contextmanager
def draft(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A path beside ``path`` to write to; it replaces ``path`` if the block succeeds, else it is deleted.

    Raises:
        FileError: the disk is full, read-only or faulty.
    """
    beside = path.with_name(_draft_name())
    try:
        with writing(path):
            yield beside
            if durable:
                _sync(beside)
            beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def draft_folder(path: Path) -> Iterator[Path]:
    """A new folder beside ``path``; it becomes ``path`` if the block succeeds, else it is deleted.

    Missing parent folders are made, and drafts of killed processes beside it are deleted.

    Raises:
        FileError: as `draft`, or ``path`` exists.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    clean(path.parent)
    beside = path.with_name(_draft_name())
    try:
        with writing(path):
            beside.mkdir()
            yield beside
            beside.rename(path)
    except FileError as error:  # The reader does not know the draft's name.
        raise type(error)(str(error).replace(str(beside), str(path))) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A new folder in ``parent`` that is deleted when the block ends, or later if the process was killed.

    Raises:
        FileError: as `draft`.
    """
    clean(make_folder(parent))
    folder = parent / _draft_name()
    with writing(folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def replace_folder(draft: Path, target: Path) -> None:
    """Rename a finished folder to ``target``, whose parents are made; a folder of that name is deleted.

    Raises:
        FileError: as `draft`.
    """
    old = draft.with_name(f"{draft.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    make_folder(target.parent)
    with writing(target):
        if target.exists():
            target.rename(old)
        draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Delete a folder: renamed to a hidden name first, so that no reader finds a part of it.

    Raises:
        FileError: as `draft`.
    """
    doomed = path.with_name(f".{path.name}.deleted")
    with writing(path):
        shutil.rmtree(doomed, ignore_errors=True)  # What a killed process has left.
        path.rename(doomed)
        shutil.rmtree(doomed)


def make_folder(path: Path) -> Path:
    """The folder, made with its parents if it is missing; raises as `draft`."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def clean(folder: Path) -> None:
    """Delete the drafts in a folder whose process on this machine has ended, or that are older than a day."""
    for path in folder.glob(".*.draft"):
        parts = _DRAFT.fullmatch(path.name)
        if parts is not None and _is_abandoned(path, parts[1], int(parts[2])):
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _draft_name() -> str:
    """A name with this machine, this process and a count: unique, and `clean` can tell its owner."""
    return f".{_HOST}-{os.getpid()}-{next(_COUNT)}.draft"


def _is_abandoned(path: Path, host: str, process: int) -> bool:
    if host == _HOST and os.name == "posix" and process != os.getpid():
        try:
            os.kill(process, 0)  # Signal 0 only checks that the process exists.
        except ProcessLookupError:
            return True
        except OSError:
            return False
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > _DAY_S
    return False
