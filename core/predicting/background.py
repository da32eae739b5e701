"""An evaluation in a process of its own, which outlives the page that started it."""

import subprocess
import sys
import time
from pathlib import Path

from core.errors import EvaluationError
from core.predicting.parts import is_under_way

_PROJECT = Path(__file__).parents[2]
_LOG = "evaluation.log"
# As long as the process may take to load its libraries and the data set.
_START_S, _POLL_S = 60.0, 0.1


def start(folder: Path, data: Path | None, split: str = "val") -> None:
    """Evaluate a checkpoint on the images in ``data`` (None: where they lay last); comes back once it runs.

    Raises:
        EvaluationError: it is being evaluated already, or its process says why it cannot be.
    """
    if is_under_way(folder):
        raise EvaluationError(f"{folder.name!r} is being evaluated already")
    where = ["--data", str(data)] if data else []
    with (folder / _LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own program; a folder that a person has typed is one word)
            [sys.executable, "-m", "core", "evaluate", folder.name, "--split", split, *where],
            cwd=_PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    waited = time.monotonic()
    while process.poll() is None and time.monotonic() - waited < _START_S:
        if is_under_way(folder):
            return
        time.sleep(_POLL_S)
    if process.poll():
        raise EvaluationError(complaint(folder) or "its process gave no reason")


def complaint(folder: Path) -> str:
    """The last line that the last evaluation wrote: why it ended, if it ended badly."""
    try:
        lines = (folder / _LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("error: ") if lines else ""
