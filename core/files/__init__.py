"""Files that a person may name, read safely; and our own files, written whole or not at all.

Reading: only regular files (a pipe or a device may never end), never more bytes than the caller allows. A
link is followed; what it leads to must be a regular file too. Writing: into a draft beside the file, onto the
disk, then renamed; a link of that name is replaced, not followed. Every fault is one sentence.
"""

import codecs
import errno
import hashlib
import itertools
import os
import platform
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.errors import AwayError, FileError

MAX_TEXT = 64 * 2**20  # Bytes of a list, a table or settings that a person names.
_PAUSES_S = (0.2, 0.8)  # Before a file that could not be read is tried again.
_DAY_S = 86_400
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# Of the file itself, another try is of no use: it is protected, a circle of links, or no possible name.
_LASTING = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
_KINDS: dict[str, Callable[[int], bool]] = {
    "a folder": stat.S_ISDIR,
    "a pipe": stat.S_ISFIFO,
    "a socket": stat.S_ISSOCK,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}
_READING = {
    errno.EACCES: "permission is denied; give yourself the right to read it",
    errno.EPERM: "permission is denied; give yourself the right to read it",
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EIO: "its disk reports an error",
}
_WRITING = {
    errno.ENOSPC: "the disk is full; make room and try again",
    errno.EDQUOT: "your share of the disk is used up; make room and try again",
    errno.EFBIG: "the disk takes no file of this size; choose another disk",
    errno.EROFS: "the disk is read-only; choose a folder on another disk",
    errno.EACCES: "permission is denied; choose a folder that you may write to",
    errno.EPERM: "permission is denied; choose a folder that you may write to",
    errno.ENOENT: "its folder does not exist",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EIO: "its disk reports an error",
}
_T = TypeVar("_T")
_COUNT = itertools.count()
_HOST = hashlib.blake2b(platform.node().encode(), digest_size=4).hexdigest()
_DRAFT = re.compile(r"\.([0-9a-f]{8})-(\d+)-\d+\.draft")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, open for reading.

    Raises:
        AwayError: it is not there, or its disk does not answer; it may be back later.
        FileError: it is no regular file, or may not be read.
    """
    with reading(path):
        _refuse_odd(path, os.stat(path).st_mode)  # noqa: PTH116 (as os.open: before, as opening rewinds a tape)
        descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as file, reading(path):
        _refuse_odd(path, os.fstat(descriptor).st_mode)
        yield file


def head(path: Path, num_bytes: int) -> bytes:
    """The first bytes of a regular file, at most so many; errors as `opened`."""
    with opened(path) as file:
        return file.read(num_bytes)


def read(path: Path, max_bytes: int) -> bytes:
    """A regular file, whole; errors as `opened`, and FileError for more than ``max_bytes``."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1) if size <= max_bytes else b""
        while size < len(content) <= max_bytes and (more := file.read(2**20)):
            content += more  # It grows, or is one of the system's, which have no size.
    if size > max_bytes or len(content) > max_bytes:
        raise FileError(f"{str(path)!r} has more than {in_words(max_bytes)}; choose a smaller file")
    return content


def read_text(path: Path, max_bytes: int = MAX_TEXT) -> str:
    """A text file in UTF-8, or in UTF-16 with its mark; errors as `read`, and FileError for anything else."""
    return text_of(read(path, max_bytes), repr(str(path)))


def text_of(content: bytes, name: str) -> str:
    """The text in a file's bytes, without its mark; FileError calls it by ``name``."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is not a text file in UTF-8; save it as UTF-8") from error


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """Of a file of any size, in hexadecimal digits: it is read piece by piece; errors as `opened`."""
    found = hashlib.new(algorithm)
    for piece in pieces(path):
        found.update(piece)
    return found.hexdigest()


def pieces(path: Path) -> Iterator[bytes]:
    """A file of any size, a megabyte at a time; errors as `opened`."""
    with opened(path) as file:
        while piece := file.read(2**20):
            yield piece


def patiently(read_it: Callable[[], _T], away: type[Exception] = AwayError) -> _T:
    """What ``read_it`` gives; where it says that its file is ``away``, it is asked again for a second."""
    for pause in _PAUSES_S:
        with suppress(away):
            return read_it()
        time.sleep(pause)
    return read_it()


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


def refuse_odd_target(path: Path) -> None:
    """FileError where a name to write to is that of a pipe or a device: a file would take its place."""
    with suppress(FileNotFoundError), writing(path):
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 (as in `opened`)
        except ValueError as error:  # A null character, which no name can have.
            raise FileError(f"cannot write {str(path)!r}: {error}") from error
        except FileNotFoundError:
            return
        _refuse_odd(path, mode)


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


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Errors of the disk inside are sentences about reading ``path``; those that are sentences pass."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        kind = FileError if error.errno in _LASTING else AwayError
        raise kind(f"cannot read {str(path)!r}: {_said(error, _READING)}") from error
    except ValueError as error:  # A null character, which no name can have.
        raise FileError(f"cannot read {str(path)!r}: {error}") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Errors of the disk inside are sentences about writing ``path``; those that are sentences pass."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot write {str(path)!r}: {_said(error, _WRITING)}") from error


def in_words(num_bytes: int) -> str:
    """A number of bytes as people say it: ``20 MB``."""
    units = {"GB": 2**30, "MB": 2**20, "kB": 2**10, "bytes": 1}
    unit = next(unit for unit, size in units.items() if num_bytes >= size or size == 1)
    return f"{num_bytes / units[unit]:.3g} {unit}"


def _said(error: OSError, words: dict[int, str]) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return words.get(error.errno or 0, text[0].lower() + text[1:])


def _refuse_odd(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((kind for kind, is_one in _KINDS.items() if is_one(mode)), "no regular file")
        raise FileError(f"{str(path)!r} is {kind}; choose a file")


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
