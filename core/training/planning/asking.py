"""Predicts a training in a process of its own, which frees its memory when it ends."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from core import files, processes
from core.errors import TrainingError
from core.files.places import cache_root
from core.training.planning.forecast import Forecast, parsed

_LONGEST_S = 600.0


def predicted(recipe: str, *, data: Path | None, layout: str = "", changes: Iterable[str] = ()) -> Forecast:
    """The forecast of a recipe with these changes and data; takes some seconds.

    Raises:
        TrainingError: the process failed, with its own reason, or did not end within ten minutes.
    """
    where = [*(["--data", str(data)] if data else []), *(["--layout", layout] if layout else [])]
    settings = [part for change in changes for part in ("--set", change)]
    with files.scratch_folder(cache_root() / "plans") as folder:
        log = folder / "log"
        process = processes.start("plan", recipe, "--json", *where, *settings, log=log)
        try:
            status = process.wait(_LONGEST_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise TrainingError(f"the prediction took longer than {_LONGEST_S:.0f} s") from error
        if status:
            raise TrainingError(processes.last_words(log) or "the prediction ended without a reason")
        return parsed(processes.last_lines(log, 1)[0])
