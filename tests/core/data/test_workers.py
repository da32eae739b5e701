"""Processes that read images for another one."""

import subprocess
import sys

import pytest

from core.data.workers import possible_workers, usual_workers
from tests.support.paths import ROOT

# As multiprocessing does it, in the thread that hands a batch over.
_RAISES = """
import sys, threading
from core.data.workers import leave_quietly

def hand_over():
    try:
        raise {error}
    except Exception:
        sys.excepthook(*sys.exc_info())

leave_quietly()
thread = threading.Thread(target=hand_over)
thread.start()
thread.join()
"""


def test_more_processes_than_cores_are_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert [possible_workers(wanted) for wanted in (-1, 0, 3, 64)] == [-1, 0, 3, 4]


def _said(error: str) -> str:
    """What a worker says of an error that is raised while it hands a batch over."""
    command = [sys.executable, "-c", _RAISES.format(error=error)]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stderr


@pytest.mark.parametrize("error", ["BrokenPipeError(32, 'Broken pipe')", "ConnectionResetError()"])
def test_nothing_is_said_of_a_reader_that_has_gone(error: str) -> None:
    assert _said(error) == ""


def test_all_other_errors_of_a_worker_are_shown() -> None:
    assert _said("OSError('disk is gone')").endswith("OSError: disk is gone\n")


@pytest.mark.parametrize(("cores", "expected"), [(1, 0), (2, 1), (9, 8), (64, 8), (None, 0)])
def test_one_core_is_left_to_the_training(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, expected: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert usual_workers() == expected
