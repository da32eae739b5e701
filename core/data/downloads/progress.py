"""The progress of a download, measured on the disk, for the terminal and for pages.

The libraries that download have different progress bars. Here the size of the archives on the disk is
measured twice a second and written beside the data set's folder until the download ends.
"""

import contextlib
import io
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core import files
from core.errors import FileError
from core.files import stored
from core.shares import whole_percent

_EVERY_S = 0.5
_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz")


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """The bytes downloaded so far, of about ``total``; afterwards the archives are unpacked."""

    done: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def __str__(self) -> str:
        if not self.done:
            return f"{files.in_words(self.total)} requested"
        if self.done >= self.total > 0:
            return f"{files.in_words(self.total)} downloaded; unpacking and checking"
        return f"{files.in_words(self.done)} of {files.in_words(self.total)}, {whole_percent(self.share)}"


OnProgress = Callable[[DownloadProgress], None]


def read(target: Path) -> DownloadProgress | None:
    """The progress of the download to this folder; None if it has not been written."""
    with contextlib.suppress(FileError, ValueError, KeyError, TypeError):
        written = stored.parsed(_file(target))
        return DownloadProgress(int(written["done"]), int(written["total"]))
    return None


def ask_to_stop(target: Path) -> None:
    """Ask the process that downloads to this folder to stop and clean up."""
    files.write(_stop(target), b"", durable=False)


def is_asked_to_stop(target: Path) -> bool:
    """Whether the process has been asked to stop and is still running."""
    return _stop(target).exists()


@contextmanager
def watched(folder: Path, target: Path, total: int, on_progress: OnProgress) -> Iterator[None]:
    """Report the progress while the block fills ``folder``; if asked to stop, interrupt the block."""
    _stop(target).unlink(missing_ok=True)
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(folder, target, total, on_progress, ended), daemon=True)
    watch.start()
    try:
        # Hides the libraries' own progress bars.
        with contextlib.redirect_stderr(io.StringIO()), _interruptible():
            yield
    finally:
        ended.set()
        watch.join()
        for path in (_file(target), _stop(target)):
            path.unlink(missing_ok=True)


def _watch(folder: Path, target: Path, total: int, on_progress: OnProgress, ended: threading.Event) -> None:
    most = 0
    while not ended.wait(_EVERY_S):
        most = max(most, _arrived(folder))  # Unpacked archives may be deleted.
        now = DownloadProgress(min(most, total), total)
        with contextlib.suppress(FileError):
            files.write(_file(target), json.dumps(asdict(now)).encode(), durable=False)
        on_progress(now)
        if is_asked_to_stop(target):
            _interrupt()
            return


def _arrived(folder: Path) -> int:
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(_ARCHIVES):
                with contextlib.suppress(OSError):
                    size += (Path(place) / name).stat().st_size
    return size


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt the block: a program that a shell starts in the background ignores it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt() -> None:
    """Interrupt the main thread as Ctrl-C does, which also ends a wait for the network."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


def _file(target: Path) -> Path:
    return target.parent / f".{target.name}.progress"


def _stop(target: Path) -> Path:
    return target.parent / f".{target.name}.stop"
