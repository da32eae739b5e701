"""An empty folder of checkpoints, a training in it, and waits of milliseconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import processes
from core.checkpoints import paths
from core.training.runs import run as run_module
from core.training.runs.run import RunFolder
from tests.support.trainings.run_folders import CARD


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody in these tests holds a lock only for a moment."""
    monkeypatch.setattr(run_module, "_WAIT_S", 0.05)
    monkeypatch.setattr(processes, "_POLL_S", 0.0)


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def run() -> Iterator[RunFolder]:
    """A training that has begun."""
    begun = RunFolder.start("x", CARD)
    yield begun
    begun._lock.release()
