"""Read regular files only, and never more bytes than allowed: a pipe or a device may never end.

Links are followed, but must lead to a regular file.
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

MAX_TEXT = 64 * 2**20  # Bytes of a list, a table or settings that a user names.
_PAUSES_S = (0.2, 0.8)  # Before another attempt to read a file.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_T = TypeVar("_T")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading.

    Raises:
        AwayError: the file is missing, or its disk does not respond; it may be back later.
        FileError: it is not a regular file, or permission is denied.
    """
    with reading(path):
        refuse_odd(path, os.stat(path).st_mode)  # noqa: PTH116 (before os.open: opening rewinds a tape)
        descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as file, reading(path):
        refuse_odd(path, os.fstat(descriptor).st_mode)
        yield file


def head(path: Path, num_bytes: int) -> bytes:
    """The first ``num_bytes`` of a regular file, fewer if it is shorter; raises as `opened`."""
    with opened(path) as file:
        return file.read(num_bytes)


def read(path: Path, max_bytes: int) -> bytes:
    """The whole content of a regular file; raises as `opened`, and FileError above ``max_bytes``."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1) if size <= max_bytes else b""
        while size < len(content) <= max_bytes and (more := file.read(2**20)):
            content += more  # The file is growing, or is a system file, whose size reads 0.
    if size > max_bytes or len(content) > max_bytes:
        raise FileError(f"{str(path)!r} has more than {in_words(max_bytes)}; choose a smaller file")
    return content


def read_text(path: Path, max_bytes: int = MAX_TEXT) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte-order mark; raises as `read`, else FileError."""
    return text_of(read(path, max_bytes), repr(str(path)))


def text_of(content: bytes, name: str) -> str:
    """The text in a file's bytes, without byte-order mark; the FileError names the file ``name``."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is not a text file in UTF-8; save it as UTF-8") from error


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """The checksum of a file of any size, in hexadecimal digits; raises as `opened`."""
    digest = hashlib.new(algorithm)
    for piece in pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def pieces(path: Path) -> Iterator[bytes]:
    """The content of a file of any size, one megabyte at a time; raises as `opened`."""
    with opened(path) as file:
        while piece := file.read(2**20):
            yield piece


def patiently(read_it: Callable[[], _T], away: type[Exception] = AwayError) -> _T:
    """The result of ``read_it``, which is called again for one second while it raises ``away``."""
    for pause in _PAUSES_S:
        with suppress(away):
            return read_it()
        time.sleep(pause)
    return read_it()
