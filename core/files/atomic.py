"""Write files and folders whole or not at all: into a draft beside the target, onto the disk, then renamed.

A link that has the target's name is replaced, not followed.
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
    """Write a file whole or not at all; ``durable`` waits until it is on the disk. FileError as `draft`."""
    with draft(path, durable=durable) as beside, beside.open("wb") as file:
        file.write(content)


@contextmanager
def draft(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A name beside ``path`` to write to: it becomes ``path`` when the block ends well, else nothing is left.

    Raises:
        FileError: the disk is full, read-only or has a fault.
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
    """A new folder beside ``path``: it becomes ``path`` when the block ends well, else nothing is left.

    Folders that are missing above it are made; drafts there whose process was killed are deleted.

    Raises:
        FileError: as `draft`, or there is something of that name.
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
    except FileError as error:  # Who reads it has never heard of the draft.
        raise type(error)(str(error).replace(str(beside), str(path))) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A new folder below ``parent`` that is deleted when the block ends; one of a killed process, later.

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


def make_folder(path: Path) -> Path:
    """The folder, made with all above it where it is missing; FileError as `draft`."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def clean(folder: Path) -> None:
    """Delete drafts in a folder whose process has ended, here, or which are older than a day."""
    for path in folder.glob(".*.draft"):
        found = _DRAFT.fullmatch(path.name)
        if found is not None and _is_abandoned(path, found[1], int(found[2])):
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _draft_name() -> str:
    """Of this machine, this process and this call: nobody else writes to it, and `clean` knows its owner."""
    return f".{_HOST}-{os.getpid()}-{next(_COUNT)}.draft"


def _is_abandoned(path: Path, host: str, process: int) -> bool:
    if host == _HOST and os.name == "posix" and process != os.getpid():
        try:
            os.kill(process, 0)  # Sends nothing; only asks.
        except ProcessLookupError:
            return True
        except OSError:
            return False
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > _DAY_S
    return False
