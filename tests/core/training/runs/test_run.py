"""One process writes the folder of a training, and its card says how that ended."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import CheckpointError, CoreError, TrainingError
from core.training import runs
from core.training.runs import record
from core.training.runs import run as run_module
from core.training.runs.run import RunFolder, Stopped, is_alive, request_stop
from tests.support.trainings.run_folders import CARD, ended

LOCKING = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


def _ends_with(run: RunFolder, error: BaseException) -> Card:
    """What the card says after ``error`` within `recording`."""
    with pytest.raises(type(error)) as raised, run.recording():
        raise error
    assert raised.value is error
    return store.read_card(run.folder)


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
    folder = ended("x")
    before = sorted(folder.iterdir())
    assert not is_alive(folder)
    assert sorted(folder.iterdir()) == before


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
