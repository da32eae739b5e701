"""Broken checkpoints are named with the reason, and the others stay as they are."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.__main__ import main
from core.checkpoints import inventory, paths, store
from core.checkpoints.paths import CARD, WEIGHTS
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError
from tests.support.paths import ROOT


@pytest.fixture
def root(small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two checkpoints, of which a test may damage the one that is called ``odd``."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    for name in ("good", "odd"):
        shutil.copytree(small.folder, tmp_path / name)
    return tmp_path


def _change(root: Path, **values: object) -> None:
    path = root / "odd" / CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_broken_card_is_listed_with_its_sentence_and_the_others_can_be_used(root: Path) -> None:
    assert inventory.unusable() == {}
    _change(root, metrics=None)
    assert inventory.available() == ["good"]
    assert inventory.folders() == ["good", "odd"]
    [(name, reason)] = inventory.unusable().items()
    assert name == "odd"
    assert reason.partition("card.json ")[2] == (
        "is not a readable card: metrics is null: expected an object; repair the card, or copy or import the "
        "checkpoint again"
    )
    with pytest.raises(CheckpointError, match=r"the checkpoint 'odd' cannot be used: .*metrics is null"):
        inventory.find("odd")


def test_a_checkpoint_is_found_without_a_look_at_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(inventory, "fault", lambda folder: seen.append(folder.name))
    assert inventory.find("good") == root / "good"
    assert seen == ["good"]


def test_once_it_is_mended_it_can_be_used(root: Path) -> None:
    _change(root, class_names=[""])
    assert inventory.available() == ["good"]
    _change(root, class_names=["a", "b", "c", "d", "e"])
    assert inventory.available() == ["good", "odd"]


@pytest.mark.usefixtures("root")
def test_what_cannot_be_read_now_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(os, "open", lambda *_asked: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        assert "its disk reports an error" in inventory.unusable()["good"]
    assert inventory.available() == ["good", "odd"]


@pytest.mark.parametrize("missing", [CARD, WEIGHTS])
def test_a_folder_that_lacks_a_file_is_listed(root: Path, missing: str) -> None:
    (root / "odd" / missing).unlink()
    assert inventory.available() == ["good"]
    assert missing in inventory.unusable()["odd"]


def test_other_things_beside_checkpoints_are_none(root: Path) -> None:
    (root / "notes").mkdir()
    (root / "readme.txt").touch()
    (root / ".draft").mkdir()
    (root / ".draft" / CARD).touch()
    (root / "away").symlink_to(root / "nowhere")
    assert (inventory.available(), inventory.unusable()) == (["good", "odd"], {})


def test_a_card_that_is_a_link_to_nothing_is_named(root: Path) -> None:
    (root / "odd" / CARD).unlink()
    (root / "odd" / CARD).symlink_to(root / "nowhere")
    assert "there is no such file" in inventory.unusable()["odd"]


def test_a_folder_whose_name_cannot_be_shown_is_named_with_its_bytes(root: Path) -> None:
    (root / "odd").rename(root / os.fsdecode(b"odd\xff"))
    assert inventory.available() == ["good"]
    assert inventory.unusable() == {r"odd\udcff": "the name of its folder is not in UTF-8; rename it"}


def test_a_training_without_weights_is_not_broken(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    store.create("new", replace(small.card, weights_sha256=None, status="running"))
    assert (inventory.available(), inventory.unusable()) == ([], {})


def test_weights_that_wait_for_the_card_are_there_once_it_names_them(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    folder = store.create("new", replace(small.card, weights_sha256=None))
    shutil.copy(small.folder / WEIGHTS, folder / paths.NEXT_WEIGHTS)
    assert (inventory.available(), inventory.unusable()) == ([], {})
    shutil.copy(small.folder / CARD, folder)
    assert (inventory.available(), inventory.unusable()) == (["new"], {})


# The folder itself.


def test_a_missing_folder_is_empty_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path / "missing"))
    assert (inventory.available(), inventory.unusable(), inventory.trouble()) == ([], {}, None)
    with pytest.raises(
        CheckpointError, match=r"there is none in .*missing'; train one .python -m core train dig"
    ):
        inventory.find("imagenet")


def test_what_is_no_folder_is_said(
    tmp_path: Path, small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path / "file"))
    assert (inventory.available(), inventory.folders()) == ([], [])
    with pytest.raises(
        CheckpointError, match=r"cannot be read from '.*file': not a directory; SEEWHY_CHECKPOIN"
    ):
        inventory.find("imagenet")
    with pytest.raises(CheckpointError, match=r"file': not a directory; SEEWHY_CHECKPOINTS names another"):
        store.save("new", small.card, {"x": torch.ones(1)})


@pytest.mark.usefixtures("root")
def test_a_folder_that_may_not_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        os, "scandir", lambda _root: (_ for _ in ()).throw(PermissionError(13, "Permission d"))
    )
    assert (inventory.available(), inventory.unusable()) == ([], {})
    assert "permission d; SEEWHY_CHECKPOINTS names another" in str(inventory.trouble())


@pytest.mark.parametrize(
    ("named", "root"),
    [
        ("", ROOT / "checkpoints"),
        (" ", ROOT / "checkpoints"),
        ("/some/nets", Path("/some/nets")),
        ("~/nets", Path.home() / "nets"),
        ("nets", Path.cwd() / "nets"),
        ("~nobody-at-all/x", Path.cwd() / "~nobody-at-all/x"),
    ],
)
def test_the_environment_names_the_folder(named: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.VARIABLE, named)
    assert paths.root() == root
    assert paths.folder("digits") == root / "digits"
    monkeypatch.delenv(paths.VARIABLE)
    assert paths.root() == ROOT / "checkpoints"


def test_a_command_uses_the_folder_that_the_environment_names(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _change(root, preprocess=3)
    assert main(["layers", "--checkpoint", "good"]) == 0
    assert "bn2" in capsys.readouterr().out
    assert main(["layers", "--checkpoint", "odd"]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("error: the checkpoint 'odd' cannot be used: ")
    assert errors.count("\n") == 1
