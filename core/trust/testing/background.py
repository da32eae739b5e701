"""Starts a test of maps in a separate process, which outlives the page that started it."""

from pathlib import Path

from core import processes
from core.errors import EvaluationError
from core.trust.testing import workplace
from core.trust.testing.workplace import TrustOptions

_START_S = 60.0  # Seconds in which the process loads its libraries, the network and the photos.


def start(folder: Path, options: TrustOptions) -> None:
    """Start to test the maps of a checkpoint; an unfinished test with the same options is continued.

    Raises:
        EvaluationError: they are being tested already, or the process failed to start.
    """
    if workplace.is_under_way(folder):
        raise EvaluationError(f"the maps of {folder.name!r} are being tested already")
    log = workplace.log_of(folder)
    fault = processes.launch(
        "trust", folder.name, *options.arguments,
        log=log, has_begun=lambda: workplace.is_under_way(folder), within_s=_START_S,
    )  # fmt: skip
    if fault:
        log.unlink(missing_ok=True)  # It does not say why an earlier test ended.
        raise EvaluationError(fault)
