"""An evaluation in a process of its own, which outlives the page that started it."""

import subprocess
import sys
import time
from pathlib import Path

from core.errors import EvaluationError
from core.predictions import evaluations

_PROJECT = Path(__file__).parents[3]
# As long as the process may take to load its libraries and the data set.
_START_S, _POLL_S = 60.0, 0.1


def start(folder: Path, data: Path | None, split: str, name: str, layout: str = "") -> None:
    """Evaluate a checkpoint on the images in ``data`` (None: where they lay last); comes back once it runs.

    Raises:
        EvaluationError: it is being evaluated under this name already, or its process says why it cannot be.
    """
    if evaluations.is_under_way(folder, name):
        raise EvaluationError(f"{folder.name!r} is being evaluated as {name!r} already")
    where = [*(["--data", str(data)] if data else []), *(["--layout", layout] if layout else [])]
    evaluations.log_of(folder, name).parent.mkdir(exist_ok=True)
    with evaluations.log_of(folder, name).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own program; a folder that a person has typed is one word)
            [sys.executable, "-m", "core", "evaluate", folder.name, "--split", split, "--as", name, *where],
            cwd=_PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    waited = time.monotonic()
    while process.poll() is None and time.monotonic() - waited < _START_S:
        if evaluations.is_under_way(folder, name):
            return
        time.sleep(_POLL_S)
    if process.poll():
        raise EvaluationError(complaint(folder, name) or "its process gave no reason")


def complaint(folder: Path, name: str) -> str:
    """The last line that the last evaluation of this name wrote: why it ended, if it ended badly."""
    try:
        lines = evaluations.log_of(folder, name).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("error: ") if lines else ""
