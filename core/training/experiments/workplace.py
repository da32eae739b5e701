"""Where an experiment is run: a folder with a checkpoint for each training, and the table.

``runs/`` has the checkpoints, as any folder of checkpoints; ``experiment.json`` says what is run;
``table.csv`` and ``table.json`` are there once every training is finished.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from core import files
from core.checkpoints import paths
from core.errors import FileError, TrainingError
from core.files import locks, stored
from core.training.runs import run

RUNS, ASKED, TABLE, DETAILS = "runs", "experiment.json", "table.csv", "table.json"
_LOG = "log.txt"


@dataclass(frozen=True, slots=True)
class ExperimentOptions:
    """What was asked for: an experiment's name or file, and the options of the command ``experiment``.

    ``data`` is a folder of images, empty for the usual place; ``seeds`` is 0 for the experiment's own number.
    """

    name: str
    data: str = ""
    layout: str = ""
    seeds: int = 0
    changes: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The options on the command line."""
        # An equals sign, because a value may begin with a dash.
        given = {"data": self.data, "layout": self.layout, "seeds": self.seeds}
        options = [f"--{key}={value}" for key, value in given.items() if value]
        return [self.name, *options, *(f"--set={change}" for change in self.changes)]


def place_of(name: str, data: str = "") -> Path:
    """Where the app runs a built-in experiment, another place for each folder of images.

    It is hidden, so that its trainings are not among the user's.
    """
    digest = hashlib.blake2b(data.encode(errors="surrogateescape"), digest_size=3).hexdigest()
    return paths.root() / paths.EXPERIMENTS / (f"{name}.{digest}" if data else name)


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Let only this process run an experiment in this folder while the block runs; its checkpoints go there.

    Raises:
        TrainingError: another process does.
    """
    files.make_folder(place)
    taken = TrainingError(f"another process runs an experiment in {str(place)!r}; wait until it ends")
    with locks.held(place / paths.LOCK, taken), paths.rooted(place / RUNS):
        yield


def begin(place: Path, options: ExperimentOptions) -> None:
    """Store what is asked for; a table of an earlier time goes, and so does a request to stop."""
    for name in (TABLE, DETAILS, paths.STOP):
        (place / name).unlink(missing_ok=True)
    files.write(place / ASKED, json.dumps(asdict(options), indent=1).encode())


def asked(place: Path) -> ExperimentOptions | None:
    """What the experiment in this folder was asked for; None if there is none, or its file is damaged."""
    try:
        return stored.checked(_schema(), stored.read_json(place / ASKED))
    except (ValueError, FileError):
        return None


def run_folders(place: Path) -> list[Path]:
    """The folders of the trainings that have begun."""
    return sorted(card.parent for card in (place / RUNS).glob(f"*/{paths.CARD}"))


def ask_to_stop(place: Path) -> None:
    """Ask the process that runs this experiment to stop after the current batch."""
    if not is_under_way(place):
        return
    files.write(place / paths.STOP, b"", durable=False)
    for folder in run_folders(place):
        if run.is_alive(folder):
            run.request_stop(folder)


def is_asked_to_stop(place: Path) -> bool:
    """Whether the process was asked to stop."""
    return (place / paths.STOP).exists()


def log_of(place: Path) -> Path:
    """The log of the background process that runs this experiment."""
    return place / _LOG


def forget(place: Path) -> None:
    """Delete an experiment with all its trainings; TrainingError if a process runs it."""
    if is_under_way(place):
        raise TrainingError("the experiment is running; stop it first")
    files.remove_folder(place)


def is_under_way(place: Path) -> bool:
    """Whether a process runs an experiment in this folder now."""
    return locks.is_held(place / paths.LOCK)


@functools.cache
def _schema() -> TypeAdapter[ExperimentOptions]:
    return TypeAdapter(ExperimentOptions)
