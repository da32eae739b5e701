"""A card says what it is, keeps what it does not understand, and is refused in one sentence."""

import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints import store
from core.checkpoints.paths import CARD
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError


@pytest.fixture
def folder(small: Checkpoint, tmp_path: Path) -> Path:
    """A checkpoint that a test may damage."""
    return Path(shutil.copytree(small.folder, tmp_path / "small"))


def test_what_a_later_version_has_written_survives_a_rewrite(folder: Path) -> None:
    path = folder / CARD
    later = {"format": 7, "lineage": {"from": ["a", None]}, "unknown": 3}
    path.write_text(json.dumps(json.loads(path.read_text()) | later))
    card = store.read_card(folder)
    store.update(folder, replace(card, source="mended"), {"x": torch.ones(1)})
    stored = json.loads(path.read_text())
    assert {key: stored[key] for key in later} == later
    assert (stored["source"], stored["class_names"][0]) == ("mended", "cat")
    assert store.read_card(folder).unknown == {"lineage": {"from": ["a", None]}, "unknown": 3}


def test_a_card_that_only_a_later_version_understands_says_so(folder: Path) -> None:
    path = folder / CARD
    stored = json.loads(path.read_text())
    assert stored["format"] == store.FORMAT == 1
    stored["preprocess"]["gamma"] = 2.2
    path.write_text(json.dumps(stored | {"format": 2}))
    expected = (
        "unknown key 'preprocess.gamma'; it was written by a newer version of SeeWhy .format 2, this one"
    )
    with pytest.raises(CheckpointError, match=expected):
        store.read_card(folder)


def test_a_number_that_is_none_is_written_as_null_and_read_as_unknown(small: Checkpoint) -> None:
    card = replace(small.card, metrics={"val_loss": math.nan, "val_accuracy": 0.5})
    made = store.save("x", card, {"x": torch.ones(1)})
    assert json.loads((made / CARD).read_text())["metrics"] == {"val_loss": None, "val_accuracy": 0.5}
    assert store.read_card(made).metrics == {"val_accuracy": 0.5}


def test_a_card_that_is_no_file_or_far_too_large_is_not_read(folder: Path) -> None:
    (folder / CARD).unlink()
    os.mkfifo(folder / CARD)
    with pytest.raises(CheckpointError, match=r"card\.json is not a readable card: .*is a pipe"):
        store.read_card(folder)
    (folder / CARD).unlink()
    (folder / CARD).touch()
    os.truncate(folder / CARD, 3_000_000_000)
    with pytest.raises(CheckpointError, match="has more than 64 MB"):
        store.read_card(folder)
