"""Copies a training of an experiment to the user's checkpoints, where every page can open it."""

import shutil
from contextlib import suppress
from pathlib import Path

from core import files
from core.checkpoints import paths, store
from core.errors import CheckpointError, TrainingError
from core.training.experiments import workplace
from core.training.experiments.plan import PlannedRun
from core.training.experiments.scores import TEST, evaluation_of


def kept(place: Path, run: PlannedRun) -> str:
    """The name of the copy, ``EXPERIMENT-RUN``, made now or earlier.

    Raises:
        TrainingError: the training is not finished, or another checkpoint has the name.
    """
    source, name = place / workplace.RUNS / run.name, _name(place, run)
    if is_kept(place, run):
        return name
    if store.read_card(source).status != "finished":
        raise TrainingError(f"{run.variant.name}, seed {run.seed} is not finished yet")
    if _copy(place, run).exists():
        raise TrainingError(f"another checkpoint is named {name!r}; delete it first")
    beside = shutil.ignore_patterns(".*", paths.PROGRESS)
    with files.draft_folder(_copy(place, run)) as draft:
        shutil.copytree(source, draft, dirs_exist_ok=True, ignore=beside)
    return name


def is_kept(place: Path, run: PlannedRun) -> bool:
    """Whether the copy is there."""
    with suppress(CheckpointError):
        cards = (store.read_card(each) for each in (place / workplace.RUNS / run.name, _copy(place, run)))
        return len({each.weights_sha256 for each in cards}) == 1
    return False


def _copy(place: Path, run: PlannedRun) -> Path:
    return paths.folder(_name(place, run))


def _name(place: Path, run: PlannedRun) -> str:
    return f"{place.name}-{run.name}"[:64]


def evaluation_on_test(name: str) -> str:
    """The name of the evaluation on the test set that a copy has; TrainingError if it has none."""
    evaluation = evaluation_of(paths.folder(name), TEST)
    if evaluation is None:
        raise TrainingError(f"{name!r} has no evaluation on its test images")
    return evaluation.name
