"""A training that fails, is stopped or is refused says why, and loses nothing."""

import math
from pathlib import Path

import pytest
import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from core.checkpoints import store
from core.data.batches import Batch
from core.errors import CheckpointError, CoreError, FileError, TrainingError
from core.training.lightning.classifier import Classifier
from core.training.lightning.train import Job, resume, train
from core.training.runs import run as runs
from core.training.runs.run import Stopped
from tests.support.trainings.short_trainings import (
    TWO_CONVOLUTIONS,
    assert_same_weights,
    job,
    short_recipe,
    weights_of,
)


def test_an_error_of_the_recipe_comes_before_any_folder(tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="no architecture 'seewhy:nothing'"):
        train(short_recipe("model.architecture=seewhy:nothing"), job())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_name_that_is_taken_is_refused_and_left_alone() -> None:
    folder = train(short_recipe(*TWO_CONVOLUTIONS, "epochs=1"), job())
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(CheckpointError, match="'run' exists already"):
        train(short_recipe(*TWO_CONVOLUTIONS), job())
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.slow
def test_stopped_it_keeps_the_best_so_far_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.lightning.keeper._LOOK_EVERY_S", 0.0)  # Its epochs are shorter.

    def stop(line: str) -> None:
        if line.startswith("epoch   2"):
            runs.request_stop(tmp_path / "run")

    with pytest.raises(Stopped):
        train(short_recipe(*TWO_CONVOLUTIONS), job(say=stop))
    assert store.read_card(tmp_path / "run").status == "stopped"
    assert store.load(tmp_path / "run").card.metrics["val_accuracy"] > 0
    resume(None, job())
    whole = train(short_recipe(*TWO_CONVOLUTIONS), job("whole"))
    assert_same_weights(whole, tmp_path / "run")


def test_a_loss_that_is_no_number_ends_it_with_a_reason_and_keeps_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Classifier.training_step

    def poisoned(self: Classifier, batch: Batch, batch_idx: int) -> Tensor:
        return step(self, batch, batch_idx) * (math.nan if self.current_epoch == 1 else 1)

    monkeypatch.setattr(Classifier, "training_step", poisoned)
    with pytest.raises(TrainingError, match=r"became NaN or infinite in epoch 2; lower optimiser\.lr"):
        train(short_recipe(*TWO_CONVOLUTIONS), job())
    card = store.read_card(tmp_path / "run")
    assert card.status == "failed"
    assert "became NaN or infinite in epoch 2" in card.reason
    assert card.training["best_epoch"] == 1
    assert all(value.isfinite().all() for value in weights_of(tmp_path / "run").values())


@pytest.mark.slow
def test_a_full_disk_ends_it_with_a_reason_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = safetensors.torch.save_file, []

    def limited(tensors: dict[str, Tensor], path: Path) -> None:
        written.append(path)
        if len(written) > 1:
            raise SafetensorError("I/O error: No space left on device (os error 28)")
        write(tensors, path)

    monkeypatch.setattr(safetensors.torch, "save_file", limited)
    with pytest.raises(FileError, match="the disk is full; make room and try again") as caught:
        train(short_recipe(*TWO_CONVOLUTIONS, "data.per_class=30"), job())
    card = store.read_card(tmp_path / "run")
    assert (card.status, card.reason) == ("failed", str(caught.value))
    assert not list((tmp_path / "run").glob(".*.draft"))
    assert store.load(tmp_path / "run").card.training["best_epoch"] == 1


@pytest.mark.parametrize(("devices", "nodes"), [(0, 1), (-1, 1), (1, 0)])
def test_a_training_on_no_device_is_refused(tmp_path: Path, devices: int, nodes: int) -> None:
    with pytest.raises(TrainingError, match=rf"^got {devices} devices on {nodes} machines; "):
        train(short_recipe(*TWO_CONVOLUTIONS), Job("run", devices=devices, nodes=nodes))
    assert list(tmp_path.iterdir()) == []
