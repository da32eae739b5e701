"""The folder of a training: its card, its progress, and who may write it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from core import files
from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import CheckpointError, CoreError, TrainingError
from core.files import locks

_EVERY_S = 0.5
# A look whether somebody trains (`is_alive`) holds the lock for a moment.
_WAIT_S = 2.0


class Stopped(BaseException):
    """Somebody asked the training to stop; no error, and nothing that an ``except Exception`` should see."""


class RunFolder:
    """A checkpoint folder while it is being trained: one writer, who holds its lock until the process ends.

    Every file is replaced whole. The lock goes with the process, however that ends, so that a folder that
    says ``running`` and is not locked was interrupted.
    """

    def __init__(self, folder: Path, card: Card) -> None:
        self.folder, self.card = folder, card
        self._written = 0.0
        taken = TrainingError(f"{folder.name!r} is being trained by another process")
        self._lock = locks.acquired(folder / paths.LOCK, taken, wait_s=_WAIT_S)
        (folder / paths.STOP).unlink(missing_ok=True)

    @classmethod
    def start(cls, name: str, card: Card) -> "RunFolder":
        """A new folder; CheckpointError if there is one of that name."""
        return cls(store.create(name, card), card)

    @classmethod
    def again(cls, name: str) -> "RunFolder":
        """The folder of a training that was stopped, interrupted, or failed."""
        if name not in store.folders():
            raise CheckpointError(f"no training named {name!r} to resume")
        folder = paths.folder(name)
        card = store.read_card(folder)
        _refuse_to_resume(name, card)
        run = cls(folder, card)
        # Read again: while this process waited for the lock, another may have gone on.
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
        """Everything that the training needs to go on from the last finished epoch."""
        return self.folder / paths.STATE

    def update(self, card: Card, tensors: Mapping[str, Tensor] | None = None) -> None:
        """Replace the card and, if given, the weights."""
        self.card = store.update(self.folder, card, tensors)

    def keep_history(self, rows: list[dict[str, float]]) -> None:
        """Write ``history.csv``: a row an epoch."""
        files.write(self.folder / paths.HISTORY, pd.DataFrame(rows).to_csv(index=False).encode())

    def tick(self, **progress: Any) -> None:  # noqa: ANN401 (JSON values)
        """Say how far it is, at most twice a second, and stop if somebody asked for it."""
        if self.stop_is_wanted():
            raise Stopped
        if time.monotonic() - self._written >= _EVERY_S:
            self.say(**progress)

    def say(self, **progress: Any) -> None:  # noqa: ANN401 (JSON values)
        """Say how far it is, now."""
        content = {"time": time.time(), **progress}
        files.write(self.folder / paths.PROGRESS, json.dumps(content).encode(), durable=False)
        self._written = time.monotonic()

    def stop_is_wanted(self) -> bool:
        """Whether somebody has asked for the end."""
        return stop_is_wanted(self.folder)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """The folder says at the end how it went, also when it went wrong; errors are passed on."""
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
            # No room even for the card: the free lock says that it was interrupted. The error goes on up.
            return


def request_stop(folder: Path) -> None:
    """Ask the process that trains this folder to stop; it does so after the current batch."""
    (folder / paths.STOP).touch()


def stop_is_wanted(folder: Path) -> bool:
    """Whether somebody has asked for that and the process has not yet ended."""
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
