"""Our own program in a process of its own: how it starts, and what its log says of its end."""

import subprocess
from pathlib import Path

import pytest

from core import processes


class Fake:
    """A process that has ended with a code, or runs while it is None; ``looks`` counts the questions."""

    def __init__(self, returncode: int | None) -> None:
        self.returncode, self.looks = returncode, 0

    def poll(self) -> int | None:
        """As `subprocess.Popen` has it."""
        self.looks += 1
        return self.returncode


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_POLL_S", 0.0)


def test_it_runs_the_command_and_keeps_all_that_it_says(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log"
    assert processes.start("--help", log=log).wait() == 0
    assert processes.last_lines(log, 100)[0].startswith("usage: python -m core")
    assert processes.start("none-such", log=log).wait() == 2
    assert processes.last_words(log).startswith("argument COMMAND: invalid choice: 'none-such'")


def test_what_it_prints_can_be_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert processes.start("--help", log=log, output=subprocess.DEVNULL).wait() == 0
    assert processes.last_lines(log) == []
    assert processes.last_words(log) == ""


def test_it_is_waited_for_until_it_begins() -> None:
    process, answers = Fake(None), iter([False, False, True])
    assert processes.begins(process, lambda: next(answers), within_s=60)
    assert process.looks == 2


@pytest.mark.parametrize(("code", "within_s"), [(1, 60.0), (0, 60.0), (None, -1.0)])
def test_one_that_ends_or_is_too_slow_does_not_begin(code: int | None, within_s: float) -> None:
    process = Fake(code)
    assert not processes.begins(process, lambda: False, within_s=within_s)
    assert process.looks == 1


def test_one_that_begins_between_two_looks_has_begun() -> None:
    answers = iter([False, True])
    assert processes.begins(Fake(0), lambda: next(answers), within_s=60)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"reading\nerror: no setting 'epoch'\n", "no setting 'epoch'"),
        (b"error: first\nerror: second\nbye\n", "second"),
        (b"Traceback (most recent call last):\nMemoryError\n", "MemoryError"),
        (b"caf\xe9\n", "caf\N{REPLACEMENT CHARACTER}"),
        (b"", ""),
    ],
)
def test_the_last_words_are_the_last_error(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "log").write_bytes(content)
    assert processes.last_words(tmp_path / "log") == words


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 100 + b"\n" + b"".join(b"%06d\n" % number for number in range(20_000)))
    assert processes.last_lines(log, 2) == ["019998", "019999"]
    lines = processes.last_lines(log, 10**6)
    assert len(lines) < 20_000
    assert lines[1:] == [f"{number:06d}" for number in range(20_000 - len(lines) + 1, 20_000)]
    assert processes.last_lines(tmp_path / "none") == []


def test_a_launch_gives_the_fault_of_a_process_that_never_begins(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fault = processes.launch("none-such", log=log, has_begun=lambda: False, within_s=60)
    assert fault.startswith("argument COMMAND: invalid choice: 'none-such'")
    assert processes.launch("--help", log=log, has_begun=lambda: False, within_s=60) == ""
    log.write_text("killed\n")
    assert processes.last_words(log) == "killed"
    assert processes.last_error(log) == ""
