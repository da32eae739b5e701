"""Processes that read images for another one: how many, and how they end."""

import os
import sys
from types import TracebackType


def usual_workers() -> int:
    """Processes that augment, beside the one that trains: all cores but one, at most eight."""
    return max(0, min(8, (os.cpu_count() or 1) - 1))


def possible_workers(wanted: int) -> int:
    """As many as were asked for, and no more than there are cores: others only take memory."""
    return min(wanted, os.cpu_count() or 1)


def leave_quietly(_worker: int = 0) -> None:
    """Let this process print no traceback when the one that it reads for has gone away.

    Who presses Ctrl-C in the middle of a batch closes the pipe that it was to come through.
    """
    sys.excepthook = _unless_reader_is_gone


def _unless_reader_is_gone(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not issubclass(kind, ConnectionError):
        sys.__excepthook__(kind, error, traceback)
