"""A test of maps that is under way or unfinished: what others see of it, how it stops, and how it goes on."""

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core import processes
from core.__main__ import main
from core.checkpoints import paths
from core.checkpoints.store import Checkpoint
from core.commands.options import engines
from core.errors import EvaluationError
from core.files import locks
from core.passes.progress import PassProgress
from core.trust.testing import background, workplace
from core.trust.testing.workplace import TrustOptions
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint

OPTIONS = TrustOptions(
    data="/photos", samples=3, seed=2, name="-odd name", methods=("grad_cam", "cam"), layers=("a",)
)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Arguments of the processes that would have been started; none of them begins."""
    calls: list[tuple[str, ...]] = []

    def launch(*arguments: str, log: Path, **_named: object) -> str:
        log.parent.mkdir(exist_ok=True)
        log.write_text("error: no photos\n")
        calls.append(arguments)
        return "no photos"

    monkeypatch.setattr(processes, "launch", launch)
    return calls


def _work(place: Path) -> Path:
    return place / paths.TRUST_WORK


def test_options_are_those_of_the_command_line() -> None:
    assert OPTIONS.arguments == [
        "--data=/photos",
        "--split=val",
        "--samples=3",
        "--seed=2",
        "--name=-odd name",
        *("--methods", "grad_cam", "cam"),
        *("--layers", "a"),
    ]


def test_an_unfinished_test_is_known_by_its_options_and_its_progress(tmp_path: Path) -> None:
    assert workplace.unfinished(tmp_path) is None
    workplace.begin(tmp_path, OPTIONS)
    workplace.reporting(tmp_path)(PassProgress(2, 3, 0.5))
    known = workplace.unfinished(tmp_path)
    assert known == workplace.Unfinished(OPTIONS, 2, 3, was_stopped=False, reason="")
    with locks.held(_work(tmp_path) / paths.LOCK, AssertionError()):
        assert workplace.unfinished(tmp_path) is None
        assert workplace.progress_of(tmp_path) == PassProgress(2, 3, 0.5)
        with pytest.raises(EvaluationError, match="stop it first"):
            workplace.forget(tmp_path)
    workplace.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_error_of_a_log_counts_unless_a_later_test_was_made_in_a_terminal(tmp_path: Path) -> None:
    workplace.begin(tmp_path, OPTIONS)
    workplace.log_of(tmp_path).write_text("reading\nerror: the disk is full\n")
    known = workplace.unfinished(tmp_path)
    assert known is not None
    assert known.reason == "the disk is full"
    os.utime(workplace.log_of(tmp_path), (1, 1))
    later = workplace.unfinished(tmp_path)
    assert later is not None
    assert later.reason == ""


@pytest.mark.parametrize("content", ["", "[]", '{"samples": "many"}'])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    workplace.begin(tmp_path, OPTIONS)
    (_work(tmp_path) / "asked.json").write_text(content)
    assert workplace.unfinished(tmp_path) is None


def test_a_stop_ends_the_command_and_the_same_options_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, data = random_checkpoint(), noisy_pictures(tmp_path / "data")
    monkeypatch.setattr(engines, "usual_workers", lambda: 0)
    seen: list[int] = []

    def stop_after_one(progress: PassProgress) -> None:
        seen.append(progress.done)
        assert not workplace.is_stopping(folder)
        if progress.done == 1 and seen == [0, 1]:
            workplace.ask_to_stop(folder)
            assert workplace.is_stopping(folder)

    monkeypatch.setattr(engines, "draw", stop_after_one)
    options = ("--samples", "3", "--methods", "grad_cam", "--layers", "block2", "--device", "cpu")
    assert main(["trust", folder.name, "--data", str(data), *options]) == 1
    assert "stopped; finished work is kept" in capsys.readouterr().err
    known = workplace.unfinished(folder)
    assert known is not None
    assert known.was_stopped
    assert known.options == TrustOptions(str(data), samples=3, methods=("grad_cam",), layers=("block2",))
    assert main(["trust", folder.name, *known.options.arguments, "--device", "cpu"]) == 0
    assert seen == [0, 1, 1, 2, 3]
    assert len(pq.read_table(folder / paths.TRUST_TABLE)) == 2  # One photo is broken.
    assert workplace.unfinished(folder) is None
    assert not _work(folder).exists()


def test_a_process_is_started_with_the_options_and_its_fault_is_raised_once(
    loaded: Checkpoint, started: list[tuple[str, ...]]
) -> None:
    workplace.begin(loaded.folder, OPTIONS)
    with pytest.raises(EvaluationError, match="no photos"):
        background.start(loaded.folder, OPTIONS)
    assert started == [("trust", "random", *OPTIONS.arguments)]
    known = workplace.unfinished(loaded.folder)
    assert known is not None
    assert known.reason == ""


def test_a_second_process_is_not_started(loaded: Checkpoint, started: list[tuple[str, ...]]) -> None:
    workplace.begin(loaded.folder, OPTIONS)
    with locks.held(_work(loaded.folder) / paths.LOCK, AssertionError()):
        workplace.begin(loaded.folder, TrustOptions(seed=5))
        with pytest.raises(EvaluationError, match="being tested already"):
            background.start(loaded.folder, OPTIONS)
    assert started == []
    assert json.loads((_work(loaded.folder) / "asked.json").read_text())["seed"] == 2
