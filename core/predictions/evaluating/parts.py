"""The samples of an evaluation in parts, each a file once it is predicted, shared out among processes.

Part i belongs to process i modulo their number. Parts lie where an evaluation is worked on until the first
process joins them. Each process holds a lock of its own while it works, so that the first one knows whether
the others still do, wherever they run.
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
# A look whether somebody is at work holds his lock for a moment.
_WAIT_S = 2.0
# As long as another process may take to start.
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one pass of a checkpoint over ``num_samples``, for the evaluation ``name``.

    ``key`` is of all that its predictions depend on.
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
        """Where the files lie."""
        return self._workplace / self.key

    def path(self, part: int) -> Path:
        """The file of a part."""
        return self.place / f"{part:06}.parquet"

    def span(self, part: int) -> tuple[int, int]:
        """The first sample of a part, and the one after its last."""
        return part * _ROWS, min((part + 1) * _ROWS, self.num_samples)

    def missing(self, rank: int) -> list[int]:
        """The parts of a process that are not yet predicted."""
        return [part for part in range(rank, len(self), self.share.world) if not self.path(part).exists()]

    def num_done(self) -> int:
        """Samples in the parts that are predicted, by whomever."""
        spans = [self.span(part) for part in range(len(self)) if self.path(part).exists()]
        return sum(end - start for start, end in spans)

    @contextmanager
    def held(self) -> Iterator[None]:
        """This process is at work; for the first, no other evaluation of the checkpoint is.

        Raises:
            EvaluationError: another evaluation is.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        taken = EvaluationError(
            f"{self.folder.name!r} is being evaluated as {self.name!r} by another process; "
            "wait for its end, or choose another name"
        )
        wait_s = _WAIT_S if self.share.rank else 0
        with locks.held(self._lock(self.share.rank), taken, wait_s=wait_s):
            if not self.share.rank:
                self._forget_the_dead()
            yield

    def wait(self) -> Iterator[None]:
        """Until the other processes have done their parts, from time to time.

        Raises:
            EvaluationError: one of them has ended before, or never started.
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
        """EvaluationError if another process has ended with parts of it missing; only for the first."""
        for rank in range(1, self.share.world):
            lock = self._lock(rank)
            if lock.exists() and not locks.is_held(lock) and self.missing(rank):
                raise EvaluationError(
                    f"process {rank} of 0 to {self.share.world - 1} ended before its part was done; "
                    "run the same command again to go on"
                )

    def forget_partial(self) -> None:
        """Delete the parts that lack a sample, so that the next pass does them again."""
        for part in range(len(self)):
            if not self.is_whole(part):
                self.path(part).unlink()

    def is_whole(self, part: int) -> bool:
        """Whether a part that is predicted has a row for each of its samples."""
        start, end = self.span(part)
        return bool(pq.read_metadata(self.path(part)).num_rows == end - start)

    def remove(self) -> None:
        """Delete the parts of this and of all earlier passes."""
        shutil.rmtree(self._workplace, ignore_errors=True)

    @property
    def _workplace(self) -> Path:
        return evaluations.workplace(self.folder, self.name)

    def _lock(self, rank: int) -> Path:
        # The first process's keeps away every other evaluation, also of other samples.
        return self.place / f".process-{rank}" if rank else evaluations.lock_of(self.folder, self.name)

    def _forget_the_dead(self) -> None:
        """Delete what processes of an interrupted pass have left."""
        for lock in self.place.glob(".process-*"):
            if not locks.is_held(lock):
                lock.unlink(missing_ok=True)


def num_predicted(folder: Path, name: str) -> int:
    """Samples that an evaluation under way has predicted so far; 0 where none has begun."""
    parts = evaluations.workplace(folder, name).glob(f"*/{'[0-9]' * 6}.parquet")
    return sum(pq.read_metadata(part).num_rows for part in parts)
