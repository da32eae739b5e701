"""A checkpoint is written whole or not at all, under a name that leads nowhere else."""

import errno
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from core.checkpoints import paths, store
from core.checkpoints.paths import CARD, WEIGHTS
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError, FileError
from core.models import imagenet as built_in
from core.models import registry


@pytest.mark.parametrize(
    "name", ["", ".hidden", "..", "../x", "a/b", "a b", "-x", "x" * 65, "a\n", "a\0b", "/etc"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(small: Checkpoint, checkpoints: Path, name: str) -> None:
    before = sorted(checkpoints.iterdir())
    with pytest.raises(
        CheckpointError, match=r"cannot name a checkpoint; use letters, digits, '-', '_' and '\.'"
    ):
        store.save(name, small.card, {})
    assert sorted(checkpoints.iterdir()) == before


def test_a_checkpoint_is_never_overwritten(
    folder: Path, small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(folder.parent))
    before = (folder / CARD).read_bytes()
    with pytest.raises(
        CheckpointError, match="a checkpoint named 'small' exists already; choose another name"
    ):
        store.save("small", small.card, {"x": torch.ones(1)})
    assert (folder / CARD).read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["small"]


@pytest.mark.parametrize("step", ["_write_weights", "as_json"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt("stopped")])
def test_a_crash_in_the_middle_of_saving_leaves_nothing_behind(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    def crash(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(store, step, crash)
    with pytest.raises(type(error), match=str(error)):
        store.save("new", small.card, {"x": torch.ones(1)})
    assert list(tmp_path.iterdir()) == []


def test_a_killed_save_leaves_no_checkpoint_and_blocks_no_name(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a power cut before the rename: all is written, under a hidden name."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    with monkeypatch.context() as killed:
        killed.setattr(Path, "rename", lambda _self, _target: (_ for _ in ()).throw(SystemExit("power cut")))
        killed.setattr(shutil, "rmtree", lambda _folder, **_how: None)
        with pytest.raises(SystemExit, match="power cut"):
            store.save("new", small.card, {"x": torch.ones(1)})
    assert [(path.name[0], path.suffix) for path in tmp_path.iterdir()] == [(".", ".draft")]
    assert store.available() == []
    store.save("new", small.card, {"x": torch.ones(1)})
    assert store.available() == ["new"]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Error while serializing: I/O error: No space left on device (os error 28)", errno.ENOSPC),
        (
            'Error while serializing: IoError(Os { code: 30, kind: ReadOnlyFilesystem, message: "x" })',
            errno.EROFS,
        ),
    ],
)
def test_a_disk_that_is_full_or_read_only_is_one_sentence_though_the_library_has_its_own_error(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, number: int
) -> None:
    def fail(*_arguments: object) -> None:
        raise SafetensorError(said)

    monkeypatch.setattr(store.safetensors.torch, "save_file", fail)
    words = {errno.ENOSPC: "the disk is full; make room", errno.EROFS: "the disk is read-only; choose"}[
        number
    ]
    with pytest.raises(FileError, match=rf"^cannot write '.*': {words}"):
        store.save("new", small.card, {"x": torch.ones(1)})
    assert list(tmp_path.iterdir()) == []


def test_files_may_be_read_by_whom_the_umask_lets(small: Checkpoint) -> None:
    """The library that writes weights would make them private."""
    before = os.umask(0o027)
    try:
        folder = store.save("x", small.card, {"x": torch.ones(1)})
        os.umask(0o022)
        other = store.save("y", small.card, {"x": torch.ones(1)})
        assert {(folder / name).stat().st_mode & 0o777 for name in (CARD, WEIGHTS)} == {0o640}
        assert (other / WEIGHTS).stat().st_mode & 0o777 == 0o644
        store.update(folder, small.card, {"x": torch.zeros(1)})
        assert (folder / WEIGHTS).stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


@pytest.mark.slow
def test_what_a_base_has_is_not_stored_again(imagenet: Checkpoint) -> None:
    model = registry.build(imagenet.card.architecture, 5)
    own = store.own_tensors(model, None)
    assert set(own) == set(model.state_dict())
    weights = built_in.weights()
    same = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
    model.load_state_dict(model.state_dict() | same)
    with torch.no_grad():
        model.conv_stem.weight[0, 0, 0, 0] += 1
    own = store.own_tensors(model, "imagenet")
    assert set(own) == {"classifier.weight", "classifier.bias", "conv_stem.weight"}
    assert torch.equal(own["conv_stem.weight"], model.conv_stem.weight)
    assert store.own_tensors(imagenet.model, "imagenet") == {}
