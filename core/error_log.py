"""Errors as messages: one sentence if the cause is known, else a log entry with a number to quote."""

import hashlib
import os
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import CoreError
from core.files.places import cache_root

LOG = "errors.log"
_LONGEST_LOG = 5 * 2**20
_NO_MEMORY = ("can't allocate memory", "out of memory")


@dataclass(frozen=True, slots=True)
class LoggedError:
    """An unexpected error: its number, which is the same for the same fault, and the log with the traceback.

    ``log`` is None if the log could not be written.
    """

    number: str
    traceback: str
    log: Path | None


def sentence(error: BaseException) -> str | None:
    """The error in one sentence, without a full stop; None if it is a fault of this program."""
    if isinstance(error, CoreError):
        return str(error)
    if isinstance(error, MemoryError) or any(each in str(error).lower() for each in _NO_MEMORY):
        return "there is not enough memory for this; close other programs, or choose something smaller"
    if isinstance(error, OSError):
        return _of_files(error)
    return None


def is_raised_by_us(error: BaseException) -> bool:
    """Whether code of this package raised the error, not a library."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(Path(__file__).parent)


def record(error: BaseException, doing: str) -> LoggedError:
    """Write the error with its traceback to the log; gives the number to quote."""
    told = "".join(traceback.format_exception(error))
    number = _number(error)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        log = _append(f"{when} error {number} while {doing}\n{told}\n")
    except (OSError, ValueError):
        log = None
    return LoggedError(number, told, log)


def _of_files(error: OSError) -> str:
    reason = (error.strerror or str(error) or "the system refused").lower()
    return f"cannot read or write {os.fsdecode(error.filename)!r}: {reason}" if error.filename else reason


def _number(error: BaseException) -> str:
    """Six hexadecimal digits from the error's type and the lines of its traceback, without any values."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames]
    return hashlib.blake2b("\n".join([type(error).__name__, *places]).encode(), digest_size=3).hexdigest()


def _append(text: str) -> Path:
    log = cache_root() / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LONGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
    with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return log
