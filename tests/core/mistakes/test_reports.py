"""A report in its folder: made by one process at a time, replaced whole, and its progress."""

import os
import signal
from pathlib import Path

import pytest

from core.errors import EvaluationError
from core.mistakes.reports import ReportPlace
from core.passes.progress import PassProgress


def test_only_one_process_makes_a_report(tmp_path: Path) -> None:
    place = ReportPlace(tmp_path / "made", "drift")
    assert not place.is_under_way()
    with place.held():
        assert place.is_under_way()
        with pytest.raises(EvaluationError, match="is being made by another process"), place.held():
            pass
        with pytest.raises(EvaluationError, match="is being made already"):
            place.start("digits")
    assert not place.is_under_way()


def test_the_progress_lasts_as_long_as_the_work(tmp_path: Path) -> None:
    place = ReportPlace(tmp_path, "drift")
    with place.held():
        place.progress_file.write(PassProgress(3, 9))
        assert place.progress() == PassProgress(3, 9)
    assert place.progress() is None


def test_a_report_that_is_missing_or_damaged_is_none(tmp_path: Path) -> None:
    place = ReportPlace(tmp_path, "stress")
    assert place.read() is None
    place.write(b'{"accuracy": 1}')
    assert place.read() == {"accuracy": 1}
    place.path.write_text("[")
    assert place.read() is None


def test_a_stop_ends_the_process_and_keeps_the_earlier_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ReportPlace(tmp_path, "drift")
    place.write(b'{"p": 0.5}')
    place.stop()  # Nothing to end.
    before = signal.getsignal(signal.SIGTERM)

    def make() -> None:
        with place.held():
            place.progress_file.write(PassProgress(3, 9))
            place.stop()
            pytest.fail("the process goes on")

    with pytest.raises(SystemExit, match="143"):
        make()
    assert signal.getsignal(signal.SIGTERM) == before
    assert not place.is_under_way()
    assert place.progress() is None
    assert place.read() == {"p": 0.5}
    ended: list[int] = []
    monkeypatch.setattr(os, "kill", lambda number, _signal: ended.append(number))
    (tmp_path / ".drift.pid").write_text("123")  # Left by a process that was killed.
    place.stop()
    assert ended == []
