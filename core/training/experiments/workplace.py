"""Where an experiment is run: a folder with a checkpoint for each training, and the table.

``runs/`` has the checkpoints, as any folder of checkpoints; ``experiment.json`` says what is run;
``table.csv`` and ``table.json`` are there once every training is finished.
"""

import functools
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

RUNS, ASKED, TABLE, DETAILS = "runs", "experiment.json", "table.csv", "table.json"


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
    """Store what is asked for; a table of an earlier time goes."""
    for name in (TABLE, DETAILS):
        (place / name).unlink(missing_ok=True)
    files.write(place / ASKED, json.dumps(asdict(options), indent=1).encode())


def asked(place: Path) -> ExperimentOptions | None:
    """What the experiment in this folder was asked for; None if there is none, or its file is damaged."""
    try:
        return stored.checked(_schema(), stored.read_json(place / ASKED))
    except (ValueError, FileError):
        return None


def is_under_way(place: Path) -> bool:
    """Whether a process runs an experiment in this folder now."""
    return locks.is_held(place / paths.LOCK)


@functools.cache
def _schema() -> TypeAdapter[ExperimentOptions]:
    return TypeAdapter(ExperimentOptions)
