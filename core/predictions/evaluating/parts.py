"""Splits an evaluation into parts, one file each, shared among processes.

Part i belongs to process i modulo their number. Parts are in the unfinished evaluation's folder until rank 0
joins them. Each process holds a lock of its own while it works, so that rank 0 knows whether the others still
run, on whatever machine.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from core.data.batches import Share
from core.errors import EvaluationError
from core.files import locks
from core.predictions import evaluations

_ROWS = 1024
_POLL_S = 0.2
# Checking whether a process works holds its lock for a moment.
_WAIT_S = 2.0
# Seconds in which another process starts.
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one pass of a checkpoint over ``num_samples``, for the evaluation ``name``.

    ``key`` is a hash of everything that the predictions depend on.
    """

    folder: Path
    name: str
    key: str
    num_samples: int
    share: Share

    def __len__(self) -> int:
        return len(range(0, self.num_samples, _ROWS))

    @property
    def place(self) -> Path:
        """The folder of the files."""
        return self._workplace / self.key

    def path(self, part: int) -> Path:
        """The file of a part."""
        return self.place / f"{part:06}.parquet"

    def span(self, part: int) -> tuple[int, int]:
        """The range of a part's samples: the first, and one past the last."""
        return part * _ROWS, min((part + 1) * _ROWS, self.num_samples)

    def missing(self, rank: int) -> list[int]:
        """The parts of a process that are not predicted yet."""
        return [part for part in range(rank, len(self), self.share.world) if not self.path(part).exists()]

    def num_done(self) -> int:
        """The number of samples in the predicted parts of all processes."""
        spans = [self.span(part) for part in range(len(self)) if self.path(part).exists()]
        return sum(end - start for start, end in spans)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock of this process; rank 0 also keeps away other evaluations of the same name.

        Raises:
            EvaluationError: another evaluation of the same name is being made.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        taken = EvaluationError(
            f"{self.folder.name!r} is being evaluated as {self.name!r} by another process; "
            "wait until it ends, or choose another name"
        )
        wait_s = _WAIT_S if self.share.rank else 0
        with locks.held(self._lock(self.share.rank), taken, wait_s=wait_s):
            if not self.share.rank:
                self._forget_the_dead()
            yield

    def wait(self) -> Iterator[None]:
        """Wait for the parts of the other processes; yields from time to time.

        Raises:
            EvaluationError: one of them ended early, or never started.
        """
        started = time.monotonic()
        for rank in range(1, self.share.world):
            while self.missing(rank):
                self.refuse_dead()
                if not self._lock(rank).exists() and time.monotonic() - started > _START_S:
                    raise EvaluationError(f"process {rank} of 0 to {self.share.world - 1} has not started")
                yield
                time.sleep(_POLL_S)

    def refuse_dead(self) -> None:
        """Raise EvaluationError if another process has ended with parts missing; for rank 0 only."""
        for rank in range(1, self.share.world):
            lock = self._lock(rank)
            if lock.exists() and not locks.is_held(lock) and self.missing(rank):
                raise EvaluationError(
                    f"process {rank} of 0 to {self.share.world - 1} ended before its part was done; "
                    "run the same command again to continue"
                )

    def forget_partial(self) -> None:
        """Delete the parts that lack a sample, so that the next pass predicts them again."""
        for part in range(len(self)):
            if not self.is_whole(part):
                self.path(part).unlink()

    def is_whole(self, part: int) -> bool:
        """Whether a predicted part has a row for each of its samples."""
        start, end = self.span(part)
        return bool(pq.read_metadata(self.path(part)).num_rows == end - start)

    def remove(self) -> None:
        """Delete the parts of this and of all earlier passes."""
        shutil.rmtree(self._workplace, ignore_errors=True)

    @property
    def _workplace(self) -> Path:
        return evaluations.workplace(self.folder, self.name)

    def _lock(self, rank: int) -> Path:
        # Rank 0's lock keeps away every other evaluation, also of other samples.
        return self.place / f".process-{rank}" if rank else evaluations.lock_of(self.folder, self.name)

    def _forget_the_dead(self) -> None:
        """Delete the files left by an interrupted pass."""
        for lock in self.place.glob(".process-*"):
            if not locks.is_held(lock):
                lock.unlink(missing_ok=True)


def num_predicted(folder: Path, name: str) -> int:
    """The number of samples that an unfinished evaluation has predicted so far."""
    parts = evaluations.workplace(folder, name).glob(f"*/{'[0-9]' * 6}.parquet")
    return sum(pq.read_metadata(part).num_rows for part in parts)
