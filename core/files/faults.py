"""Errors of files and disks in one sentence: what failed, why, and what to do."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import AwayError, FileError

# Another attempt is useless: the file is protected, a cycle of links, or its name is impossible.
_LASTING = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
_KINDS: dict[str, Callable[[int], bool]] = {
    "a folder": stat.S_ISDIR,
    "a pipe": stat.S_ISFIFO,
    "a socket": stat.S_ISSOCK,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}
_READING = {
    errno.EACCES: "permission denied; make it readable for this user",
    errno.EPERM: "permission denied; make it readable for this user",
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EIO: "its disk reports an error",
}
_WRITING = {
    errno.ENOSPC: "the disk is full; make room and try again",
    errno.EDQUOT: "your disk quota is used up; make room and try again",
    errno.EFBIG: "the file is too large for this disk; choose another disk",
    errno.EROFS: "the disk is read-only; choose a folder on another disk",
    errno.EACCES: "permission denied; choose a folder that you may write to",
    errno.EPERM: "permission denied; choose a folder that you may write to",
    errno.ENOENT: "its folder does not exist",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EIO: "its disk reports an error",
}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn each OSError in the block into a FileError about reading ``path``; FileErrors pass unchanged."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        kind = FileError if error.errno in _LASTING else AwayError
        raise kind(f"cannot read {str(path)!r}: {_said(error, _READING)}") from error
    except ValueError as error:  # A null character in the name.
        raise FileError(f"cannot read {str(path)!r}: {error}") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn each OSError in the block into a FileError about writing ``path``; FileErrors pass unchanged."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot write {str(path)!r}: {_said(error, _WRITING)}") from error


def refuse_odd_target(path: Path) -> None:
    """FileError if ``path`` is a pipe or a device, which a written file would replace."""
    with suppress(FileNotFoundError), writing(path):
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 (as in `opened`)
        except ValueError as error:  # A null character in the name.
            raise FileError(f"cannot write {str(path)!r}: {error}") from error
        except FileNotFoundError:
            return
        refuse_odd(path, mode)


def refuse_odd(path: Path, mode: int) -> None:
    """FileError if ``mode`` is not that of a regular file."""
    if not stat.S_ISREG(mode):
        kind = next((kind for kind, is_one in _KINDS.items() if is_one(mode)), "not a regular file")
        raise FileError(f"{str(path)!r} is {kind}; choose a file")


def in_words(num_bytes: int) -> str:
    """A number of bytes in a readable unit: ``20 MB``."""
    units = {"GB": 2**30, "MB": 2**20, "kB": 2**10, "bytes": 1}
    unit = next(unit for unit, size in units.items() if num_bytes >= size or size == 1)
    return f"{num_bytes / units[unit]:.3g} {unit}"


def _said(error: OSError, words: dict[int, str]) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return words.get(error.errno or 0, text[0].lower() + text[1:])
