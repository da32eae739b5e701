"""All trainings: listed, named, stopped, deleted, with their logs."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import paths, store
from core.errors import CheckpointError, TrainingError
from core.training import runs
from core.training.runs import run as run_module
from core.training.runs.run import RunFolder, Stopped
from tests.support.stored.checkpoints import checkpoints_in
from tests.support.trainings.run_folders import CARD, FINISHED, ended


def test_trainings_are_listed_newest_first_without_what_is_none(tmp_path: Path) -> None:
    for name, day in (("old", 1), ("new", 3), ("middle", 2)):
        ended(name, replace(FINISHED, training={"started": f"2024-01-0{day}"}))
    ended("imported", replace(FINISHED, recipe={}))
    (tmp_path / "notes").mkdir()
    (ended("damaged") / paths.CARD).write_text("{")
    assert [each.name for each in runs.every()] == ["new", "middle", "old"]
    with checkpoints_in(tmp_path / "nowhere"):
        assert runs.every() == []


def test_a_finished_one_cannot_be_resumed_and_a_missing_one_not_found() -> None:
    ended("x")
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
    ended("x")
    assert runs.free_name("x") == "x-2"
    ended("x-2")
    (tmp_path / "x-3").mkdir()  # No checkpoint, but in the way of one.
    assert runs.free_name("x") == "x-4"
    assert runs.free_name("y") == "y"


def test_a_deleted_training_is_gone_with_its_log(tmp_path: Path) -> None:
    ended("x")
    ended("y")
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
    ended("imported", replace(FINISHED, recipe={}))
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
