"""Broken checkpoints are named with the reason, and the others stay as they are."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints import inventory, store
from core.checkpoints.store import CARD, WEIGHTS, Checkpoint
from core.errors import CheckpointError
from tests.support.paths import ROOT


@pytest.fixture
def root(small: Checkpoint, tmp_path: Path) -> Path:
    """Two checkpoints, of which a test may damage the one that is called ``odd``."""
    for name in ("good", "odd"):
        shutil.copytree(small.folder, tmp_path / name)
    return tmp_path


def _change(root: Path, **values: object) -> None:
    path = root / "odd" / CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_broken_card_is_listed_with_its_sentence_and_the_others_can_be_used(root: Path) -> None:
    assert inventory.unusable(root) == {}
    _change(root, metrics=None)
    assert inventory.available(root) == ["good"]
    assert inventory.folders(root) == ["good", "odd"]
    [(name, reason)] = inventory.unusable(root).items()
    assert name == "odd"
    assert reason.partition("card.json ")[2] == (
        "is not a readable card: metrics is null: expected an object; mend the card, or copy or import the "
        "checkpoint again"
    )
    with pytest.raises(CheckpointError, match=r"the checkpoint 'odd' cannot be used: .*metrics is null"):
        inventory.find("odd", root)


def test_once_it_is_mended_it_can_be_used(root: Path) -> None:
    _change(root, class_names=[""])
    assert inventory.available(root) == ["good"]
    _change(root, class_names=["a", "b", "c", "d", "e"])
    assert inventory.available(root) == ["good", "odd"]


def test_what_cannot_be_read_now_is_tried_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(os, "open", lambda *_asked: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        assert "its disk reports an error" in inventory.unusable(root)["good"]
    assert inventory.available(root) == ["good", "odd"]


@pytest.mark.parametrize("missing", [CARD, WEIGHTS])
def test_a_folder_that_lacks_a_file_is_listed(root: Path, missing: str) -> None:
    (root / "odd" / missing).unlink()
    assert inventory.available(root) == ["good"]
    assert missing in inventory.unusable(root)["odd"]


def test_other_things_beside_checkpoints_are_none(root: Path) -> None:
    (root / "notes").mkdir()
    (root / "readme.txt").touch()
    (root / ".draft").mkdir()
    (root / ".draft" / CARD).touch()
    (root / "away").symlink_to(root / "nowhere")
    assert (inventory.available(root), inventory.unusable(root)) == (["good", "odd"], {})


def test_a_card_that_is_a_link_to_nothing_is_named(root: Path) -> None:
    (root / "odd" / CARD).unlink()
    (root / "odd" / CARD).symlink_to(root / "nowhere")
    assert "there is no such file" in inventory.unusable(root)["odd"]


def test_a_folder_whose_name_cannot_be_shown_is_named_with_its_bytes(root: Path) -> None:
    (root / "odd").rename(root / os.fsdecode(b"odd\xff"))
    assert inventory.available(root) == ["good"]
    assert inventory.unusable(root) == {r"odd\udcff": "the name of its folder is not in UTF-8; rename it"}


def test_a_training_without_weights_is_not_broken(small: Checkpoint, tmp_path: Path) -> None:
    store.create(tmp_path, "new", replace(small.card, weights_sha256=None, status="running"))
    assert (inventory.available(tmp_path), inventory.unusable(tmp_path)) == ([], {})


def test_weights_that_wait_for_the_card_are_there_once_it_names_them(
    small: Checkpoint, tmp_path: Path
) -> None:
    folder = store.create(tmp_path, "new", replace(small.card, weights_sha256=None))
    shutil.copy(small.folder / WEIGHTS, folder / inventory.NEXT)
    assert (inventory.available(tmp_path), inventory.unusable(tmp_path)) == ([], {})
    shutil.copy(small.folder / CARD, folder)
    assert (inventory.available(tmp_path), inventory.unusable(tmp_path)) == (["new"], {})


# The folder itself.


def test_a_missing_folder_is_empty_and_says_what_to_do(tmp_path: Path) -> None:
    root = tmp_path / "missing"
    assert (inventory.available(root), inventory.unusable(root), inventory.trouble(root)) == ([], {}, None)
    with pytest.raises(
        CheckpointError, match=r"there is none in .*missing'; train one .python -m core train dig"
    ):
        inventory.find("imagenet", root)


def test_what_is_no_folder_is_said(tmp_path: Path, small: Checkpoint) -> None:
    root = tmp_path / "file"
    root.touch()
    assert (inventory.available(root), inventory.folders(root)) == ([], [])
    with pytest.raises(
        CheckpointError, match=r"cannot be read from '.*file': not a directory; SEEWHY_CHECKPOIN"
    ):
        inventory.find("imagenet", root)
    with pytest.raises(CheckpointError, match=r"file': not a directory; SEEWHY_CHECKPOINTS names another"):
        store.save(root, "new", small.card, {"x": torch.ones(1)})


def test_a_folder_that_may_not_be_read_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        os, "scandir", lambda _root: (_ for _ in ()).throw(PermissionError(13, "Permission d"))
    )
    assert (inventory.available(root), inventory.unusable(root)) == ([], {})
    assert "permission d; SEEWHY_CHECKPOINTS names another" in str(inventory.trouble(root))


def test_the_environment_names_the_folder(tmp_path: Path) -> None:
    assert inventory.root_of({}) == inventory.root_of({"SEEWHY_CHECKPOINTS": " "}) == ROOT / "checkpoints"
    assert inventory.root_of({"SEEWHY_CHECKPOINTS": str(tmp_path)}) == tmp_path
    assert inventory.root_of({"SEEWHY_CHECKPOINTS": "~/nets"}) == Path.home() / "nets"
    assert inventory.root_of({"SEEWHY_CHECKPOINTS": "nets"}) == Path.cwd() / "nets"
    assert inventory.root_of({"SEEWHY_CHECKPOINTS": "~nobody-at-all/x"}) == Path.cwd() / "~nobody-at-all/x"


def test_a_command_uses_the_folder_that_the_environment_names(root: Path) -> None:
    _change(root, preprocess=3)
    environment = os.environ | {"SEEWHY_CHECKPOINTS": str(root)}
    command = [sys.executable, "-m", "core", "layers", "--checkpoint"]
    good, odd = (
        subprocess.run(  # noqa: S603 (our own program)
            [*command, name], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        for name in ("good", "odd")
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert "bn2" in good.stdout
    assert (odd.returncode, odd.stderr.count("\n")) == (1, 1)
    assert odd.stderr.startswith("error: the checkpoint 'odd' cannot be used: ")
