"""Starts an experiment in a separate process, which outlives the page that started it."""

from pathlib import Path

from core import processes
from core.errors import TrainingError
from core.training.experiments import workplace
from core.training.experiments.workplace import ExperimentOptions

_START_S = 120.0  # Seconds in which the process loads its libraries.


def start(place: Path, options: ExperimentOptions) -> None:
    """Start an experiment in this folder, or continue it.

    Raises:
        TrainingError: it is running already, or the process failed to start.
    """
    if workplace.is_under_way(place):
        raise TrainingError("the experiment is running already")
    fault = processes.launch(
        "experiment", *options.arguments, "--out", str(place),
        log=workplace.log_of(place), has_begun=lambda: workplace.is_under_way(place), within_s=_START_S,
    )  # fmt: skip
    if fault:
        raise TrainingError(fault)


def complaint(place: Path) -> str:
    """Why the last process that ran this experiment failed, from its log; empty if it did not."""
    return processes.last_error(workplace.log_of(place))
