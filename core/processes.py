"""Runs our own program in a separate process, which outlives the one that started it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core import files
from core.errors import FileError
from core.files import places

PROJECT = Path(__file__).parents[1]
_ERROR = "error: "
_POLL_S = 0.1
_TAIL = 2**16  # Bytes read from the end of a log.


def command(*arguments: str) -> list[str]:
    """``python -m core`` with these arguments, to be run in `PROJECT`."""
    return [sys.executable, "-m", "core", *arguments]


def start(*arguments: str, log: Path, output: int = subprocess.STDOUT) -> "subprocess.Popen[bytes]":
    """Start ``python -m core``, detached from this process; its errors go to ``log``.

    Its output goes there too, unless ``output`` is `subprocess.DEVNULL`. The log's folder is made.
    """
    files.make_folder(log.parent)
    with log.open("wb") as sink:
        return subprocess.Popen(  # noqa: S603 (our own program, which checks its arguments)
            command(*arguments),
            cwd=PROJECT,
            env=places.environment(),
            stdin=subprocess.DEVNULL,
            stdout=sink if output == subprocess.STDOUT else output,
            stderr=sink,
            start_new_session=True,
        )


def begins(process: "subprocess.Popen[bytes]", has_begun: Callable[[], bool], *, within_s: float) -> bool:
    """Wait until ``has_begun()``; False if the process ends first, or after ``within_s`` seconds."""
    until = time.monotonic() + within_s
    while not has_begun():
        if process.poll() is not None or time.monotonic() > until:
            return has_begun()  # It may have begun between the two checks.
        time.sleep(_POLL_S)
    return True


def launch(
    *arguments: str,
    log: Path,
    has_begun: Callable[[], bool],
    within_s: float,
    output: int = subprocess.STDOUT,
) -> str:
    """Start ``python -m core`` as `start`, and wait as `begins`; why it failed, empty if it did not.

    A process that is still loading after ``within_s`` seconds, or has ended well, has not failed.
    """
    process = start(*arguments, log=log, output=output)
    if begins(process, has_begun, within_s=within_s) or not process.returncode:
        return ""
    return last_words(log) or "the process gave no reason"


def last_lines(log: Path, number: int = 20) -> list[str]:
    """The last lines of a log; none if it cannot be read."""
    try:
        with files.opened(log) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            text = file.read(_TAIL).decode(errors="replace")
    except FileError:
        return []
    return text.splitlines()[-number:]


def last_words(log: Path) -> str:
    """Why a process ended, from its log: the last error, else the last line; empty for an empty log."""
    return last_error(log) or (last_lines(log) or [""])[-1].removeprefix(_ERROR)


def last_error(log: Path) -> str:
    """The last error in a log; empty if it has none, such as that of a killed process."""
    errors = [line for line in last_lines(log) if line.startswith(_ERROR)]
    return (errors or [""])[-1].removeprefix(_ERROR)
