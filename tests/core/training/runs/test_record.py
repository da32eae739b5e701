"""What a training has left is read to the bit, or refused in one sentence."""

import json
from pathlib import Path

import pytest

from core.checkpoints import paths
from core.errors import CheckpointError
from core.training.runs import record

HEADER = "epoch,train_loss,train_accuracy,val_loss,val_accuracy,lr,seconds"


def _history(folder: Path, *rows: str, header: str = HEADER) -> None:
    (folder / paths.HISTORY).write_text("\n".join([header, *rows]))


def test_a_history_is_read_as_it_is(tmp_path: Path) -> None:
    _history(tmp_path, "1,0.30000000000000004,0.5,0.7,0.6,0.001,1.25", "2,0.1,0.9,,0.8,0.001,1")
    rows = record.history(tmp_path)
    assert rows["train_loss"].tolist() == [0.1 + 0.2, 0.1]
    assert rows["val_loss"].isna().tolist() == [False, True]


def test_where_there_are_no_files_there_is_nothing(tmp_path: Path) -> None:
    assert (len(record.history(tmp_path)), record.progress(tmp_path)) == (0, {})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3,4,5,6,7", "train_accuracy goes from 3 to 3: expected 0 to 1"),
        ("1,-2,0,0,0,0,0", "train_loss goes from -2 to -2: expected 0 to inf"),
        ("0,0,0,0,0,0,0", "epoch goes from 0 to 0: expected 1 to 1e.06"),
        ("1.5,0,0,0,0,0,0", "epoch must hold rising whole numbers"),
        ("1,0,0,0,0,0,0\n1,0,0,0,0,0,0", "epoch must hold rising whole numbers"),
        ("1,a,0,0,0,0,0", "train_loss holds 'a': expected numbers"),
        ("1,True,0,0,0,0,0", "train_loss holds 'True': expected numbers"),
        ("1," + "9" * 400 + ",0,0,0,0,0", "train_loss"),
        ("1,0,0,0,0,0,-1", "seconds goes from -1 to -1"),
    ],
)
def test_a_history_that_cannot_be_is_named(tmp_path: Path, row: str, message: str) -> None:
    _history(tmp_path, row)
    with pytest.raises(
        CheckpointError, match=rf"history.csv' cannot be used: {message}.*the curves are not sho"
    ):
        record.history(tmp_path)


def test_a_history_without_epochs_is_named(tmp_path: Path) -> None:
    _history(tmp_path, "1", header="val_loss")
    with pytest.raises(CheckpointError, match="the column 'epoch' is missing"):
        record.history(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"phase": "training", "epoch": "a"}, "epoch is 'a': expected a valid integer"),
        ({"phase": "reading", "done": 1.5, "total": 2}, "done is 1.5: expected a valid integer"),
        ({"phase": "reading", "done": 1, "total": -2}, "total is -2: expected.* greater than or equal to 0"),
        ({"phase": 3}, "phase is 3: expected a valid string"),
    ],
)
def test_a_progress_that_cannot_be_is_named(tmp_path: Path, content: object, message: str) -> None:
    (tmp_path / paths.PROGRESS).write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=rf"progress.json' cannot be used: {message}"):
        record.progress(tmp_path)


def test_a_progress_keeps_what_a_newer_version_says(tmp_path: Path) -> None:
    said = {"phase": "reading images", "done": 1, "total": 2, "time": 3.5, "later": [1]}
    (tmp_path / paths.PROGRESS).write_text(json.dumps(said))
    assert record.progress(tmp_path) == said
