"""Where an evaluation is made: the parts that are done, a lock, and the progress for other processes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from core.errors import EvaluationError
from core.files import locks
from core.passes import progress
from core.passes.parts import Parts
from core.passes.progress import PassProgress, ProgressFile
from core.predictions import evaluations

_PART = 1024  # Samples.
_PROGRESS = "progress.json"


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder in which the evaluation ``name`` of a checkpoint on ``num_samples`` samples is made.

    ``key`` is a hash of everything that the predictions depend on.
    """

    folder: Path
    name: str
    key: str
    num_samples: int

    @property
    def place(self) -> Path:
        """The folder of the parts."""
        return parts_in(evaluations.workplace(self.folder, self.name), self.key)

    @property
    def parts(self) -> Parts:
        """The parts of the predictions table."""
        return Parts(self.place, self.num_samples, _PART)

    @property
    def progress_file(self) -> ProgressFile:
        """The progress for other processes."""
        return ProgressFile(_progress(self.folder, self.name))

    def refuse_second(self) -> None:
        """Raise EvaluationError if another process makes this evaluation."""
        if evaluations.is_under_way(self.folder, self.name):
            raise self._taken()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep away other evaluations of the same name while the block runs; raises as `refuse_second`."""
        self.place.mkdir(parents=True, exist_ok=True)
        with locks.held(evaluations.lock_of(self.folder, self.name), self._taken()):
            yield

    def forget_partial(self) -> None:
        """Delete the parts that lack a sample, so that the next pass predicts them again."""
        parts = self.parts
        for part in range(len(parts)):
            if not parts.is_whole(part):
                parts.path(part).unlink()

    def remove(self) -> None:
        """Delete the parts of this and of all earlier passes."""
        shutil.rmtree(evaluations.workplace(self.folder, self.name), ignore_errors=True)

    def _taken(self) -> EvaluationError:
        return EvaluationError(
            f"{self.folder.name!r} is being evaluated as {self.name!r} by another process; "
            "wait until it ends, or choose another name"
        )


def parts_in(place: Path, key: str) -> Path:
    """The folder below ``place`` with the parts of the predictions of this key.

    Those of earlier versions, without features and properties, are in other folders.
    """
    return place / f"{key}.2"


def progress_of(folder: Path, name: str) -> PassProgress | None:
    """The progress of an unfinished evaluation; None before its first second."""
    return progress.read(_progress(folder, name))


def num_predicted(folder: Path, name: str) -> int:
    """The number of samples in the parts of an unfinished evaluation, which a next pass does not repeat."""
    parts = evaluations.workplace(folder, name).glob(f"*/{'[0-9]' * 6}.parquet")
    return sum(pq.read_metadata(part).num_rows for part in parts)


def _progress(folder: Path, name: str) -> Path:
    return evaluations.workplace(folder, name) / _PROGRESS
