"""A report that takes minutes: made in a folder by one process, which a page can start and watch."""

import contextlib
import hashlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core import files, processes
from core.errors import EvaluationError, FileError
from core.files import locks, places, stored
from core.files.stored import Json
from core.passes import progress
from core.passes.progress import PassProgress, ProgressFile
from core.predictions.evaluations import Evaluation

DRIFT, STRESS, OBJECTS, GROUPS = "drift", "stress", "objects", "groups"
_MOST_DIGITS = 20
_START_S = 60.0  # Seconds in which the process loads its libraries and the network.


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """The file ``NAME.json`` in a folder; ``name`` is that of the command which makes it."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """The report."""
        return self.folder / f"{self.name}.json"

    @property
    def progress_file(self) -> ProgressFile:
        """The progress of the process that makes the report."""
        return ProgressFile(self._progress)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, and keep other processes away while the block makes the report.

        Raises:
            EvaluationError: another process is making it.
        """
        files.make_folder(self.folder)
        taken = EvaluationError(f"{str(self.path)!r} is being made by another process")
        with locks.held(self._lock, taken), _ending_in_order():
            try:
                files.write(self._process, str(os.getpid()).encode(), durable=False)
                yield
            finally:
                for temporary in (self._progress, self._process):
                    temporary.unlink(missing_ok=True)

    def write(self, content: bytes) -> None:
        """Write the report, whole or not at all."""
        files.write(self.path, content)

    def read(self) -> Json | None:
        """The report; None if there is none, or it cannot be read."""
        with contextlib.suppress(FileError, ValueError):
            return stored.parsed(self.path)
        return None

    def is_under_way(self) -> bool:
        """Whether a process is making the report now."""
        return locks.is_held(self._lock)

    def progress(self) -> PassProgress | None:
        """How far that process is; None before its first second."""
        return progress.read(self._progress)

    def start(self, *arguments: str) -> None:
        """Start ``python -m core NAME`` with these arguments; the earlier report stays until it ends.

        Raises:
            EvaluationError: it is running already, or failed to start.
        """
        if self.is_under_way():
            raise EvaluationError("this report is being made already")
        fault = processes.launch(
            self.name, *arguments, "--out", str(self.folder),
            log=self._log, has_begun=self.is_under_way, within_s=_START_S,
        )  # fmt: skip
        if fault:
            self._log.unlink(missing_ok=True)
            raise EvaluationError(fault)

    def stop(self) -> None:
        """End the process that is making the report; an earlier report stays."""
        with contextlib.suppress(FileError, ValueError, ProcessLookupError):
            number = int(files.read(self._process, _MOST_DIGITS))
            if self.is_under_way():  # Else the number may be that of another program.
                os.kill(number, signal.SIGTERM)

    def complaint(self) -> str:
        """Why the last process failed; empty if it did not."""
        return processes.last_error(self._log)

    @property
    def _lock(self) -> Path:
        return self.folder / f".{self.name}.lock"

    @property
    def _progress(self) -> Path:
        return self.folder / f".{self.name}.progress.json"

    @property
    def _process(self) -> Path:
        return self.folder / f".{self.name}.pid"

    @property
    def _log(self) -> Path:
        return self.folder / f".{self.name}.log"


def kept(evaluation: Evaluation, name: str) -> ReportPlace:
    """The place in the user's cache of the report of this name on an evaluation, until it is made anew."""
    known = f"{evaluation.of.resolve()} {evaluation.name} {evaluation.table.stat().st_mtime_ns}"
    digest = hashlib.blake2b(known.encode(errors="replace"), digest_size=8).hexdigest()
    return ReportPlace(places.cache_root() / "reports" / digest, name)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, so that it removes its temporary files."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
