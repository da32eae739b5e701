"""A training starts in a process of its own, and says if it does not."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core import processes
from core.errors import CheckpointError, TrainingError
from core.training import runs
from core.training.runs.run import RunFolder
from tests.support.trainings.run_folders import CARD, ended


class FakeProcess:
    """Instead of ``python -m core train``: prints, maybe makes a folder, and ends with a code, or goes on."""

    def __init__(self, *, says: bytes = b"", code: int | None = None, takes: str = "") -> None:
        self.says, self.returncode, self.takes = says, code, takes
        self.command: list[str] = []
        self.run: RunFolder | None = None

    def __call__(self, command: list[str], **settings: object) -> "FakeProcess":
        """As `subprocess.Popen` is called."""
        self.command = command
        settings["stdout"].write(self.says)
        assert settings["start_new_session"] is True
        assert settings["cwd"] == processes.PROJECT
        if self.takes:
            self.run = RunFolder.start(self.takes, CARD)
        return self

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.returncode


def _fake(monkeypatch: pytest.MonkeyPatch, process: FakeProcess) -> FakeProcess:
    monkeypatch.setattr(subprocess, "Popen", process)
    return process


def test_a_start_comes_back_once_the_folder_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    process = _fake(monkeypatch, FakeProcess(takes="x"))
    runs.start("digits", "x", data=Path("/data"), changes=["epochs=2", "seed=1"])
    assert process.command[:4] == [sys.executable, "-m", "core", "train"]
    settings = ["--data", "/data", "--set", "epochs=2", "--set", "seed=1"]
    assert process.command[4:] == ["digits", "--out", "x", *settings]
    with pytest.raises(TrainingError, match="a checkpoint named 'x' exists already; choose another name"):
        runs.start("digits", "x", data=None)
    with pytest.raises(TrainingError, match="'x' is being trained already"):
        runs.resume("x")
    process.run._lock.release()


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (b"reading\nerror: no setting 'epoch'; close: epochs\n", r"^no setting 'epoch'; close: epochs$"),
        (b"error: first\nerror: second\nbye\n", "^second$"),
        (b"Traceback (most recent call last):\nMemoryError\n", "^MemoryError$"),
        (b"", "^the process ended without a message$"),
    ],
)
def test_a_start_that_fails_says_so_in_the_words_of_its_process(
    monkeypatch: pytest.MonkeyPatch, says: bytes, message: str
) -> None:
    _fake(monkeypatch, FakeProcess(says=says, code=1))
    with pytest.raises(TrainingError, match=message):
        runs.start("digits", "x", data=None)


def test_one_that_was_done_before_anyone_looked_has_started_well(monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch, FakeProcess(says=b"error: not really\n", code=0))
    runs.start("digits", "x", data=None)
    assert runs.log("x") == ["error: not really"]


def test_one_that_neither_starts_nor_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch, FakeProcess(says=b"importing\n"))
    monkeypatch.setattr(runs, "_START_S", 0.01)
    with pytest.raises(TrainingError, match="the training did not start within 0 s; its log: importing"):
        runs.start("digits", "x", data=None)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "a b"])
def test_a_name_that_could_lead_elsewhere_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    process = _fake(monkeypatch, FakeProcess(code=0))
    with pytest.raises(CheckpointError, match="cannot name a checkpoint; use letters, digits"):
        runs.start("digits", name, data=None)
    assert process.command == []
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_one_is_asked_for_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ended("x", replace(CARD, status="stopped"))
    process = _fake(monkeypatch, FakeProcess(says=b"error: its data has changed\n", code=1))
    with pytest.raises(TrainingError, match=r"^its data has changed$"):
        runs.resume("x")
    assert process.command[4:] == ["--out", "x", "--resume"]
    with pytest.raises(CheckpointError, match="no training named 'y'"):
        runs.resume("y")
