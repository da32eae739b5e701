"""The folder of a training: its card, its progress, and its single writer."""

import csv
import io
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from core import files
from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import CheckpointError, CoreError, TrainingError
from core.files import locks

_EVERY_S = 0.5
# `is_alive` holds the lock for a moment.
_WAIT_S = 2.0


class Stopped(BaseException):
    """The training was asked to stop. Not an error, so ``except Exception`` does not catch it."""


class RunFolder:
    """A checkpoint folder during training: one writer, which holds its lock until the process ends.

    Every file is replaced whole. The lock ends with the process, so that a folder which says ``running`` and
    is not locked was interrupted.
    """

    def __init__(self, folder: Path, card: Card) -> None:
        self.folder, self.card = folder, card
        self._written = 0.0
        taken = TrainingError(f"{folder.name!r} is being trained by another process")
        self._lock = locks.acquired(folder / paths.LOCK, taken, wait_s=_WAIT_S)
        (folder / paths.STOP).unlink(missing_ok=True)

    @classmethod
    def start(cls, name: str, card: Card) -> "RunFolder":
        """Make a new folder; CheckpointError if there is one of that name."""
        return cls(store.create(name, card), card)

    @classmethod
    def again(cls, name: str) -> "RunFolder":
        """Take over the folder of a training that was stopped, was interrupted, or failed."""
        if name not in store.folders():
            raise CheckpointError(f"no training named {name!r} to resume")
        folder = paths.folder(name)
        card = store.read_card(folder)
        _refuse_to_resume(name, card)
        run = cls(folder, card)
        # Read again: another process may have trained while this one waited for the lock.
        run.card = store.read_card(folder)
        try:
            _refuse_to_resume(name, run.card)
            run.update(replace(run.card, status="running", reason=""))
        except BaseException:
            run._lock.release()
            raise
        return run

    @property
    def state(self) -> Path:
        """The file with everything needed to continue after the last finished epoch."""
        return self.folder / paths.STATE

    def update(self, card: Card, tensors: Mapping[str, Tensor] | None = None) -> None:
        """Replace the card and, if given, the weights."""
        self.card = store.update(self.folder, card, tensors)

    def keep_history(self, rows: list[dict[str, float]]) -> None:
        """Write ``history.csv``: one row per epoch.

        The disk may have it later, as the saved state has the same rows.
        """
        columns = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
        text = io.StringIO()
        table = csv.DictWriter(text, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        files.write(self.folder / paths.HISTORY, text.getvalue().encode(), durable=False)

    def keep_corrections(self, decisions: Path) -> None:
        """Copy a file with decisions on labels into the folder, for a resumed training."""
        files.write(self.folder / paths.CORRECTIONS, files.read(decisions, files.MAX_TEXT))

    def tick(self, **progress: Any) -> None:  # noqa: ANN401 (JSON values)
        """Write the progress, at most twice a second; raises `Stopped` if a stop was requested."""
        if self.stop_is_wanted():
            raise Stopped
        if time.monotonic() - self._written >= _EVERY_S:
            self.say(**progress)

    def say(self, **progress: Any) -> None:  # noqa: ANN401 (JSON values)
        """Write the progress now."""
        content = {"time": time.time(), **progress}
        files.write(self.folder / paths.PROGRESS, json.dumps(content).encode(), durable=False)
        self._written = time.monotonic()

    def stop_is_wanted(self) -> bool:
        """Whether a stop was requested."""
        return stop_is_wanted(self.folder)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Write the final status into the card, also after an error, which is passed on."""
        try:
            yield
        except Stopped:
            self._end("stopped")
            raise
        except BaseException as error:
            self._end("failed", _reason(error))
            raise
        finally:
            (self.folder / paths.STOP).unlink(missing_ok=True)
            self._lock.release()

    def _end(self, status: str, reason: str = "") -> None:
        try:
            self.update(replace(self.card, status=status, reason=reason))
        except OSError:
            # No space even for the card: the free lock then means interrupted. The error is passed on.
            return


def request_stop(folder: Path) -> None:
    """Request the training in this folder to stop after the current batch."""
    (folder / paths.STOP).touch()


def stop_is_wanted(folder: Path) -> bool:
    """Whether a stop was requested and the process has not ended yet."""
    return (folder / paths.STOP).exists()


def is_alive(folder: Path) -> bool:
    """Whether a process is training this folder now."""
    return locks.is_held(folder / paths.LOCK)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, CoreError) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _refuse_to_resume(name: str, card: Card) -> None:
    if not card.recipe:
        raise TrainingError(f"{name!r} was not trained here, so there is nothing to resume")
    if card.status == "finished":
        raise TrainingError(f"{name!r} is finished; there is nothing to resume")
