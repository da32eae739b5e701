"""A training's folder has one writer and says at every moment how it goes; all of them are found by name."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock

from core import processes
from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import CheckpointError, CoreError, TrainingError
from core.images.preprocess import Preprocess
from core.training import record, runs
from core.training import run as run_module
from core.training.run import RunFolder, Stopped, is_alive, request_stop
from tests.support.checkpoints import checkpoints_in

CARD = Card(
    "seewhy:two-conv-mnist",
    ("a", "b"),
    Preprocess((28, 28), None, (0.5,), (0.5,)),
    status="running",
    recipe={"title": "Few", "epochs": 3},
    training={"started": "2024-01-01T00:00:00"},
)
FINISHED = replace(CARD, status="finished")
LOCKING = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


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


def _ended(name: str, card: Card = FINISHED) -> Path:
    """A folder as a training leaves it, with a tensor as its weights."""
    return store.save(name, card, {"x": torch.ones(1)})


def _ends_with(run: RunFolder, error: BaseException) -> Card:
    """What the card says after ``error`` within `recording`."""
    with pytest.raises(type(error)) as raised, run.recording():
        raise error
    assert raised.value is error
    return store.read_card(run.folder)


# One writer.


def test_a_folder_that_is_trained_is_refused_to_a_second(run: RunFolder) -> None:
    with pytest.raises(TrainingError, match="'x' is being trained by another process"):
        RunFolder(run.folder, CARD)
    assert is_alive(run.folder)
    with run.recording():
        pass
    assert not is_alive(run.folder)
    RunFolder(run.folder, CARD)._lock.release()


def test_so_it_is_when_the_first_is_another_process_and_its_death_frees_it() -> None:
    folder = store.create("x", CARD)
    command = [sys.executable, "-c", LOCKING, str(folder / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603
        assert other.stdout.readline() == b"locked\n"
        assert is_alive(folder)
        assert runs.find("x").is_running
        with pytest.raises(TrainingError, match="'x' is being trained by another process"):
            RunFolder.again("x")
        other.kill()
    assert not is_alive(folder)
    assert runs.find("x").status == "interrupted"
    again = RunFolder.again("x")
    assert runs.find("x").is_running
    again._lock.release()


@pytest.mark.usefixtures("run")
def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(CheckpointError, match="a checkpoint named 'x' exists already"):
        RunFolder.start("x", CARD)


def test_a_look_leaves_a_folder_without_lock_as_it_is() -> None:
    folder = _ended("x")
    before = sorted(folder.iterdir())
    assert not is_alive(folder)
    assert sorted(folder.iterdir()) == before


# How it ends.


def test_asked_to_stop_it_does_so_at_its_next_tick(run: RunFolder) -> None:
    run.tick(phase="training", share=0.5)
    assert not run.stop_is_wanted()
    request_stop(run.folder)
    with pytest.raises(Stopped, match=r"^$"), run.recording():
        run.tick(phase="training", share=0.6)
    assert store.read_card(run.folder).status == "stopped"
    assert not run.stop_is_wanted()
    assert not is_alive(run.folder)


def test_a_wish_to_stop_from_before_the_start_is_forgotten() -> None:
    folder = store.create("x", replace(CARD, status="stopped"))
    request_stop(folder)
    again = RunFolder.again("x")
    again.tick(phase="training")
    assert store.read_card(folder).status == "running"
    again._lock.release()


def test_what_went_well_is_left_to_the_training_to_say(run: RunFolder) -> None:
    with run.recording():
        run.update(replace(run.card, status="finished"))
    card = store.read_card(run.folder)
    assert (card.status, card.reason) == ("finished", "")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingError("the loss is not a number any more"), "the loss is not a number any more"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x/model"),
            "No space left on device: /x/model",
        ),
        (RuntimeError("out of memory"), "RuntimeError: out of memory"),
        (OSError("odd"), "OSError: odd"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (CoreError(), "CoreError"),
    ],
)
def test_a_failure_is_on_the_card_in_words_and_is_passed_on(
    run: RunFolder, error: BaseException, reason: str
) -> None:
    card = _ends_with(run, error)
    assert (card.status, card.reason) == ("failed", reason)
    assert not is_alive(run.folder)
    found = runs.find("x")
    assert (found.status, found.is_running, found.can_resume) == ("failed", False, True)


def test_a_full_disk_that_has_no_room_even_for_the_card_reads_as_interrupted(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_room(*_arguments: object) -> None:
        raise full

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", no_room)
        card = _ends_with(run, full)
    assert (card.status, card.reason) == ("running", "")
    found = runs.find("x")
    assert (found.status, found.can_resume) == ("interrupted", True)


def test_weights_that_were_kept_survive_a_failure_after_them(run: RunFolder) -> None:
    run.update(run.card, {"x": torch.full((3,), 7.0)})
    card = _ends_with(run, RuntimeError("later"))
    assert card.weights_sha256 == run.card.weights_sha256
    assert store._read(run.folder)[1]["x"].tolist() == [7, 7, 7]


# Progress and history.


def test_progress_is_said_at_once_and_then_at_most_twice_a_second(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 100.0, 100.4, 100.5, 100.5, 101.0, 101.0])
    monkeypatch.setattr(run_module, "time", SimpleNamespace(monotonic=lambda: next(times), time=lambda: 5.0))
    said = []
    for share in (0.1, 0.2, 0.3, 0.4):
        run.tick(share=share)
        said.append(record.progress(run.folder))
    assert said == [{"time": 5.0, "share": share} for share in (0.1, 0.1, 0.3, 0.4)]


def test_a_run_has_its_history_progress_and_size(run: RunFolder) -> None:
    rows = [{"epoch": 1, "val_loss": 0.1 + 0.2}, {"epoch": 2, "val_loss": 1e-9}]
    run.keep_history(rows)
    run.say(phase="training", epoch=2)
    found = runs.find("x")
    assert found.history.to_dict("records") == rows  # To the bit.
    assert (found.name, found.progress["epoch"]) == ("x", 2)
    assert found.num_bytes == sum(path.stat().st_size for path in run.folder.iterdir())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"a\n1\n2,3\n"])
def test_damaged_history_and_progress_are_empty_and_named(run: RunFolder, content: bytes) -> None:
    (run.folder / paths.PROGRESS).write_bytes(content)
    (run.folder / paths.HISTORY).write_bytes(content)
    found = runs.find("x")
    assert (found.progress, len(found.history)) == ({}, 0)
    assert [fault.partition("' cannot be used: ")[0].rpartition("/")[2] for fault in found.faults] == [
        "history.csv", "progress.json",
    ]  # fmt: skip
    assert [each.name for each in runs.every()] == ["x"]


# Resuming.


@pytest.mark.parametrize("status", ["stopped", "failed", "running"])
def test_what_was_not_finished_goes_on(tmp_path: Path, status: str) -> None:
    _ended("x", replace(CARD, status=status, reason="because"))
    again = RunFolder.again("x")
    card = store.read_card(tmp_path / "x")
    assert (card.status, card.reason) == ("running", "")
    assert card.weights_sha256 is not None
    assert again.state == tmp_path / "x" / "resume.ckpt"
    again._lock.release()


@pytest.mark.parametrize(
    ("card", "error", "message"),
    [
        (FINISHED, TrainingError, "'x' is finished; there is nothing to resume"),
        (replace(CARD, recipe={}), TrainingError, "'x' was not trained here, so there is nothing to resume"),
        (None, CheckpointError, "no training named 'x' to resume"),
    ],
)
def test_what_cannot_be_resumed_is_left_as_it_is(
    tmp_path: Path, card: Card | None, error: type[Exception], message: str
) -> None:
    folder = _ended("x", card) if card else tmp_path
    before = sorted(folder.iterdir())
    with pytest.raises(error, match=message):
        RunFolder.again("x")
    assert sorted(folder.iterdir()) == before


def test_one_that_ended_while_its_lock_was_waited_for_is_not_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The card of before the lock is out of date; written back, it would not fit the new weights."""
    folder = _ended("x", CARD)
    acquire = FileLock.acquire

    def acquire_late(lock: FileLock, **settings: float) -> object:
        store.update(folder, FINISHED, {"x": torch.zeros(1)})
        return acquire(lock, **settings)

    with monkeypatch.context() as late:
        late.setattr(FileLock, "acquire", acquire_late)
        with pytest.raises(TrainingError, match="'x' is finished; there is nothing to resume"):
            RunFolder.again("x")
    assert not is_alive(folder)
    assert store._read(folder)[1]["x"].tolist() == [0]


# All of them.


def test_trainings_are_listed_newest_first_without_what_is_none(tmp_path: Path) -> None:
    for name, day in (("old", 1), ("new", 3), ("middle", 2)):
        _ended(name, replace(FINISHED, training={"started": f"2024-01-0{day}"}))
    _ended("imported", replace(FINISHED, recipe={}))
    (tmp_path / "notes").mkdir()
    (_ended("damaged") / paths.CARD).write_text("{")
    assert [each.name for each in runs.every()] == ["new", "middle", "old"]
    with checkpoints_in(tmp_path / "nowhere"):
        assert runs.every() == []


def test_a_finished_one_cannot_be_resumed_and_a_missing_one_not_found() -> None:
    _ended("x")
    found = runs.find("x")
    assert (found.status, found.is_running, found.can_resume) == ("finished", False, False)
    for name in ("y", "", "..", "../x", "."):
        with pytest.raises(CheckpointError, match="no training named"):
            runs.find(name)


def test_one_that_ends_between_two_looks_is_not_called_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = store.create("x", CARD)

    def ends_now(_folder: Path) -> bool:
        store.update(folder, FINISHED)
        return False

    monkeypatch.setattr(run_module, "is_alive", ends_now)
    assert runs.find("x").status == "finished"


@pytest.mark.usefixtures("run")
def test_a_draft_that_goes_while_sizes_are_added_up_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: [*listed(path), path / ".progress.json.7"])
    monkeypatch.setattr(Path, "is_file", lambda _path: True)
    assert runs.find("x").num_bytes > 100


def test_a_free_name_is_the_wanted_one_or_has_a_number(tmp_path: Path) -> None:
    with checkpoints_in(tmp_path / "nowhere"):
        assert runs.free_name("x") == "x"
    _ended("x")
    assert runs.free_name("x") == "x-2"
    _ended("x-2")
    (tmp_path / "x-3").mkdir()  # No checkpoint, but in the way of one.
    assert runs.free_name("x") == "x-4"
    assert runs.free_name("y") == "y"


def test_a_deleted_training_is_gone_with_its_log(tmp_path: Path) -> None:
    _ended("x")
    _ended("y")
    _log("x", b"done\n")
    (tmp_path / ".x.deleted").mkdir()  # Of an earlier time that was killed.
    (tmp_path / ".x.deleted" / "rest").write_text("")
    runs.delete("x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".logs", "y"]
    assert runs.log("x") == []


@pytest.mark.usefixtures("run")
def test_a_running_or_foreign_one_is_not_deleted() -> None:
    with pytest.raises(TrainingError, match="'x' is being trained; stop it first"):
        runs.delete("x")
    _ended("imported", replace(FINISHED, recipe={}))
    with pytest.raises(TrainingError, match="'imported' was not trained here, so it is not deleted here"):
        runs.delete("imported")
    with pytest.raises(CheckpointError, match="no training named"):
        runs.delete("../x")
    assert store.folders() == ["imported", "x"]


def test_stop_asks_the_one_that_is_named(run: RunFolder) -> None:
    runs.stop("x")
    with pytest.raises(Stopped, match=r"^$"):
        run.tick()
    with pytest.raises(CheckpointError, match="no training named 'y'"):
        runs.stop("y")


def _log(name: str, content: bytes) -> None:
    paths.training_log(name).parent.mkdir(exist_ok=True)
    paths.training_log(name).write_bytes(content)


def test_the_log_is_its_last_lines_also_where_it_is_no_clean_text() -> None:
    assert runs.log("x") == []
    _log("x", b"".join(b"line %d\n" % number for number in range(30)))
    assert runs.log("x") == [f"line {number}" for number in range(10, 30)]
    assert runs.log("x", last=2) == ["line 28", "line 29"]
    _log("x", b"caf\xe9\n")
    assert runs.log("x") == ["caf\N{REPLACEMENT CHARACTER}"]


# Starting a process.


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
    _ended("x", replace(CARD, status="stopped"))
    process = _fake(monkeypatch, FakeProcess(says=b"error: its data has changed\n", code=1))
    with pytest.raises(TrainingError, match=r"^its data has changed$"):
        runs.resume("x")
    assert process.command[4:] == ["--out", "x", "--resume"]
    with pytest.raises(CheckpointError, match="no training named 'y'"):
        runs.resume("y")
