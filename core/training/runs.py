"""All trainings by name: what their folders say, and how to start, stop, resume and delete one.

A training is a process of its own, which outlives whoever started it; all that is known of it lies in its
folder. Nothing here imports Lightning.
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
from core.training import record, run

_T = TypeVar("_T")
_START_S = 120.0  # As long as the process may take to load its libraries and the data set.


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What the folder of a training says now.

    ``status`` is the card's, or ``interrupted`` where it says running and no process does it. ``progress``
    has what the process last said of itself: ``phase``, ``epoch``, ``epochs``, ``share``, ``images_per_s``,
    ``left_s``; or ``done`` and ``total`` of a phase before training. ``history`` has a row an epoch.
    Both are empty where their file is damaged; ``faults`` says so.
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
        """Whether a process trains it now."""
        return self.status == "running"

    @property
    def is_stopping(self) -> bool:
        """Whether its process has been asked to stop and has not yet."""
        return self.is_running and run.stop_is_wanted(self.folder)

    @property
    def can_resume(self) -> bool:
        """Whether there is more to do and nobody does it."""
        return self.status in {"stopped", "failed", "interrupted"}


def find(name: str) -> Run:
    """The training ``name``; CheckpointError if there is none."""
    folder = paths.folder(name)
    if name not in store.folders():
        raise CheckpointError(f"no training named {name!r}")
    card = store.read_card(folder)
    waits = card.status == "running" and not run.is_alive(folder)
    # Read again: it may have ended between the two looks.
    card = store.read_card(folder) if waits else card
    status = "interrupted" if waits and card.status == "running" else card.status
    faults: list[str] = []
    history = _or_else(record.history, folder, pd.DataFrame(), faults)
    progress = _or_else(record.progress, folder, dict[str, Any](), faults)
    return Run(folder, card, status, progress, history, _size(folder), tuple(faults))


def every() -> list[Run]:
    """All trainings, the newest first; folders whose card cannot be read are left out."""
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
    """``wanted``, or with a number where that is taken."""
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
    """Start a training in a process of its own; comes back once its folder is there.

    Raises:
        CheckpointError: the name cannot be one.
        TrainingError: the name is taken; or it ended before that, and the sentence is its own.
    """
    store.refuse_odd(name)
    if name in store.folders():
        raise TrainingError(f"a checkpoint named {name!r} exists already; choose another name or delete it")
    where = [*(["--data", str(data)] if data else []), *(["--layout", layout] if layout else [])]
    settings = [part for change in changes for part in ("--set", change)]
    _launch([recipe, "--out", name, *where, *settings], name)


def resume(name: str) -> None:
    """Go on with a training, in a process of its own; comes back once that has taken the folder.

    Raises:
        CheckpointError: there is none of that name.
        TrainingError: it is being trained, or its process says why it cannot go on.
    """
    if find(name).is_running:
        raise TrainingError(f"{name!r} is being trained already")
    _launch(["--out", name, "--resume"], name)


def stop(name: str) -> None:
    """Ask its process to stop after the current batch."""
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
    """The last lines that its process has printed."""
    return processes.last_lines(paths.training_log(name), last)


def _launch(arguments: Sequence[str], name: str) -> None:
    folder, log_ = paths.folder(name), paths.training_log(name)
    process = processes.start("train", *arguments, log=log_)
    if processes.begins(process, lambda: _has_begun(folder), within_s=_START_S) or process.returncode == 0:
        return
    said = processes.last_words(log_) or "it ended without a word"
    if process.returncode is None:
        raise TrainingError(f"the training did not start within {_START_S:.0f} s; its log: {said}")
    raise TrainingError(said)


def _has_begun(folder: Path) -> bool:
    return (folder / paths.CARD).exists() and run.is_alive(folder)


def _or_else(read: Callable[[Path], _T], folder: Path, nothing: _T, faults: list[str]) -> _T:
    """What a file of the folder says; where it is damaged, ``nothing``, and the reason goes to ``faults``."""
    try:
        return read(folder)
    except CheckpointError as error:
        faults.append(str(error))
        return nothing


def _size(folder: Path) -> int:
    """Bytes; its process replaces files meanwhile, and a draft that was listed may be gone."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size if path.is_file() else 0
    return size
