"""Starts an evaluation in a separate process, which outlives the page that started it."""

from pathlib import Path

from core import processes
from core.errors import EvaluationError
from core.predictions import evaluations

_START_S = 60.0  # Seconds in which the process loads its libraries and the data set.


def start(folder: Path, data: Path | None, split: str, name: str, layout: str = "") -> None:
    """Start to evaluate a checkpoint on the images in ``data`` (None: where they were last).

    Raises:
        EvaluationError: it is being evaluated under this name already, or the process failed to start.
    """
    if evaluations.is_under_way(folder, name):
        raise EvaluationError(f"{folder.name!r} is being evaluated as {name!r} already")
    where = [*(["--data", str(data)] if data else []), *(["--layout", layout] if layout else [])]
    log = evaluations.log_of(folder, name)
    fault = processes.launch(
        "evaluate", folder.name, "--split", split, "--as", name, *where,
        log=log, has_begun=lambda: evaluations.is_under_way(folder, name), within_s=_START_S,
    )  # fmt: skip
    if fault:
        raise EvaluationError(fault)


def complaint(folder: Path, name: str) -> str:
    """Why the last evaluation of this name failed, from its log; empty if it did not."""
    return processes.last_words(evaluations.log_of(folder, name))
