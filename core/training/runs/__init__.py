"""All trainings by name: their state, and how to start, stop, resume and delete one.

A training is a separate process, which outlives the one that started it; its whole state is in its folder.
Nothing here imports Lightning.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from core import files, processes
from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import CheckpointError, CoreError, TrainingError
from core.training.runs import record, run

_T = TypeVar("_T")
_START_S = 120.0  # Seconds in which the process loads its libraries and the data set.


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The current state of a training, from its folder.

    ``status`` is the card's, or ``interrupted`` if it says running and no process trains. ``progress`` is the
    process's last report: ``phase``, ``epoch``, ``epochs``, ``share``, ``images_per_s``, ``left_s``; before
    training, ``done`` and ``total`` of a phase. ``history`` has one row per epoch. Both are empty if their
    file is damaged; ``faults`` names the damage.
    """

    folder: Path
    card: Card
    status: str
    progress: dict[str, Any]
    history: pd.DataFrame
    num_bytes: int
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def is_running(self) -> bool:
        """Whether a process is training it now."""
        return self.status == "running"

    @property
    def is_stopping(self) -> bool:
        """Whether a stop was requested and its process has not ended yet."""
        return self.is_running and run.stop_is_wanted(self.folder)

    @property
    def can_resume(self) -> bool:
        """Whether it is unfinished and no process trains it."""
        return self.status in {"stopped", "failed", "interrupted"}


def find(name: str) -> Run:
    """The training ``name``; CheckpointError if there is none."""
    if name not in store.folders():
        raise CheckpointError(f"no training named {name!r}")
    return at(paths.folder(name))


def at(folder: Path) -> Run:
    """The training in this folder; CheckpointError if it has no readable card."""
    card = store.read_card(folder)
    waits = card.status == "running" and not run.is_alive(folder)
    # Read again: it may have ended between the two checks.
    card = store.read_card(folder) if waits else card
    status = "interrupted" if waits and card.status == "running" else card.status
    faults: list[str] = []
    history = _or_else(record.history, folder, pd.DataFrame(), faults)
    progress = _or_else(record.progress, folder, dict[str, Any](), faults)
    return Run(folder, card, status, progress, history, _size(folder), tuple(faults))


def every() -> list[Run]:
    """All trainings, the newest first; without folders whose card cannot be read."""
    trainings = []
    for name in store.folders():
        try:
            each = find(name)
        except (CoreError, OSError):
            continue
        if each.card.recipe:
            trainings.append(each)
    return sorted(trainings, key=lambda each: str(each.card.training.get("started", "")), reverse=True)


def free_name(wanted: str) -> str:
    """``wanted``, with a number where that is taken."""
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([wanted], numbered) if not paths.folder(name).exists())


def start(
    recipe: str,
    name: str,
    *,
    data: Path | None,
    layout: str = "",
    changes: Iterable[str] = (),
) -> None:
    """Start a training in a separate process; returns once its folder exists.

    Raises:
        CheckpointError: the name is not valid.
        TrainingError: the name is taken, or the process failed to start; the message is its own.
    """
    store.refuse_odd(name)
    if name in store.folders():
        raise TrainingError(f"a checkpoint named {name!r} exists already; choose another name or delete it")
    where = [*(["--data", str(data)] if data else []), *(["--layout", layout] if layout else [])]
    settings = [part for change in changes for part in ("--set", change)]
    _launch([recipe, "--out", name, *where, *settings], name)


def resume(name: str) -> None:
    """Continue a training in a separate process; returns once that has locked the folder.

    Raises:
        CheckpointError: there is no training of that name.
        TrainingError: it is being trained, or the process failed to start; the message is its own.
    """
    if find(name).is_running:
        raise TrainingError(f"{name!r} is being trained already")
    _launch(["--out", name, "--resume"], name)


def stop(name: str) -> None:
    """Request a training to stop after the current batch."""
    run.request_stop(find(name).folder)


def delete(name: str) -> None:
    """Delete the whole folder; a training that is running must be stopped first."""
    training = find(name)
    if not training.card.recipe:
        raise TrainingError(f"{name!r} was not trained here, so it is not deleted here")
    if training.is_running:
        raise TrainingError(f"{name!r} is being trained; stop it first")
    files.remove_folder(training.folder)
    paths.training_log(name).unlink(missing_ok=True)


def log(name: str, last: int = 20) -> list[str]:
    """The last lines of its output."""
    return processes.last_lines(paths.training_log(name), last)


def _launch(arguments: Sequence[str], name: str) -> None:
    folder, log_ = paths.folder(name), paths.training_log(name)
    process = processes.start("train", *arguments, log=log_)
    if processes.begins(process, lambda: _has_begun(folder), within_s=_START_S) or process.returncode == 0:
        return
    said = processes.last_words(log_) or "the process ended without a message"
    if process.returncode is None:
        raise TrainingError(f"the training did not start within {_START_S:.0f} s; its log: {said}")
    raise TrainingError(said)


def _has_begun(folder: Path) -> bool:
    return (folder / paths.CARD).exists() and run.is_alive(folder)


def _or_else(read: Callable[[Path], _T], folder: Path, nothing: _T, faults: list[str]) -> _T:
    """The content of a file; if it is damaged, ``nothing``, and the reason is added to ``faults``."""
    try:
        return read(folder)
    except CheckpointError as error:
        faults.append(str(error))
        return nothing


def _size(folder: Path) -> int:
    """Bytes in a folder, in which a process may delete files meanwhile."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size if path.is_file() else 0
    return size
