"""Read regular files safely: a pipe or a device may never end, and a file may be larger than expected.

A link is followed; it must lead to a regular file.
"""

import codecs
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.errors import AwayError, FileError
from core.files.faults import in_words, reading, refuse_odd

MAX_TEXT = 64 * 2**20  # Bytes of a list, a table or settings that a person names.
_PAUSES_S = (0.2, 0.8)  # Before a file that could not be read is tried again.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_T = TypeVar("_T")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, open for reading.

    Raises:
        AwayError: it is not there, or its disk does not answer; it may be back later.
        FileError: it is no regular file, or may not be read.
    """
    with reading(path):
        refuse_odd(path, os.stat(path).st_mode)  # noqa: PTH116 (as os.open: before, as opening rewinds a tape)
        descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as file, reading(path):
        refuse_odd(path, os.fstat(descriptor).st_mode)
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
