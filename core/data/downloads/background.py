"""Downloads of data sets in their own processes, which outlive the page that started them."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from core import processes
from core.data.downloads import fetching, progress
from core.data.downloads.progress import DownloadProgress
from core.data.sources import catalogue
from core.errors import DataError

_START_S = 30.0  # Time for the process to begin.
_RECENT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Download:
    """A running download and its progress."""

    progress: DownloadProgress
    is_stopping: bool


def can_be(name: str) -> bool:
    """Whether a program can download this data set, and it is not on this machine yet."""
    source = catalogue.SOURCES.get(name)
    return source is not None and source.fetch is not None and catalogue.find(name) is None


def under_way(name: str) -> Download | None:
    """The running download of this data set, if there is one."""
    target = _target(name)
    if not fetching.is_downloading(target):
        return None
    total = catalogue.SOURCES[name].num_bytes
    return Download(progress.read(target) or DownloadProgress(0, total), progress.is_asked_to_stop(target))


def start(name: str) -> None:
    """Start to download a data set into its usual place; returns once it runs. A running one continues.

    Raises:
        DataError: the download failed at once; the message says why.
    """
    if under_way(name) is not None or catalogue.find(name) is not None:
        return
    fault = processes.launch(
        "data", name, "--fetch", "--json",
        log=_log(_target(name)), has_begun=lambda: under_way(name) is not None, within_s=_START_S,
        output=subprocess.DEVNULL,
    )  # fmt: skip
    if fault:
        raise DataError(fault)


def cancel(name: str) -> None:
    """Stop the download; partial files are deleted."""
    if under_way(name) is not None:
        progress.ask_to_stop(_target(name))


def complaint(name: str) -> str:
    """Why the last download of this hour ended, if it ended badly; nothing where it was stopped."""
    log = _log(_target(name))
    try:
        if time.time() - log.stat().st_mtime > _RECENT_S:
            return ""
    except OSError:
        return ""
    last = processes.last_words(log)
    return "" if "was not downloaded (interrupted)" in last else last


def forget(name: str) -> None:
    """Delete the partial files and the log of an interrupted download."""
    if under_way(name) is None:
        fetching.clean(_target(name))
        _log(_target(name)).unlink(missing_ok=True)


def is_interrupted(name: str) -> bool:
    """Whether its process was killed: there are partial files, and no process is downloading."""
    target = _target(name)
    return catalogue.find(name) is None and under_way(name) is None and bool(fetching.parts_of(target))


def _target(name: str) -> Path:
    return (catalogue.data_root() / name).absolute()


def _log(target: Path) -> Path:
    return target.parent / f".{target.name}.log"
