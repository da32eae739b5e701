"""Worker processes that read images: how many, and how they end."""

import os
import sys
from types import TracebackType


def usual_workers() -> int:
    """The number of worker processes beside the one that trains: all cores but one, at most eight."""
    return max(0, min(8, (os.cpu_count() or 1) - 1))


def possible_workers(wanted: int) -> int:
    """``wanted``, limited to the number of cores: more workers only cost memory."""
    return min(wanted, os.cpu_count() or 1)


def leave_quietly(_worker: int = 0) -> None:
    """Let this worker end without a traceback when its parent process has ended.

    Ctrl-C in the middle of a batch closes the pipe that the batch is sent through.
    """
    sys.excepthook = _unless_parent_is_gone


def _unless_parent_is_gone(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not issubclass(kind, ConnectionError):
        sys.__excepthook__(kind, error, traceback)
