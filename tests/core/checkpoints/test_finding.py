"""Checkpoints are found by name, and the built-in one comes first."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError
from tests.support.stored.checkpoints import checkpoints_in


def test_checkpoints_are_listed_by_name_with_the_built_in_one_first(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    for name in ("zebra", "imagenet", "apple"):
        store.save(name, small.card, {} if name == "imagenet" else {"x": torch.ones(1)})
    (tmp_path / "notes").mkdir()
    assert store.available() == ["imagenet", "apple", "zebra"]
    assert store.find("zebra") == tmp_path / "zebra"


def test_a_training_without_weights_has_a_folder_but_is_no_checkpoint_to_choose(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    folder = store.create("new", replace(small.card, status="running"))
    assert store.folders() == ["new"]
    assert store.available() == []
    with pytest.raises(CheckpointError, match="no checkpoint named 'new'; there is none"):
        store.find("new")
    with pytest.raises(CheckpointError, match="'new' has no weights yet: its training has not finished an"):
        store.load(folder)
    store.update(folder, small.card, {"x": torch.ones(1)})
    assert store.available() == ["new"]
    with pytest.raises(CheckpointError, match="a checkpoint named 'new' exists already"):
        store.create("new", small.card)


@pytest.mark.parametrize("name", ["", "nope", "..", "../imagenet", "/etc", "."])
def test_a_checkpoint_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint named .*; there is imagenet"):
        store.find(name)


def test_where_there_is_no_checkpoint_the_message_says_so(tmp_path: Path) -> None:
    with (
        checkpoints_in(tmp_path / "missing"),
        pytest.raises(CheckpointError, match="no checkpoint named 'x'; there is none"),
    ):
        store.find("x")
