"""Weights from elsewhere become a checkpoint with the same logits, or a message that names the difference."""

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints import store
from core.checkpoints.foreign import weights
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError
from core.models import registry
from tests.support.networks.foreign_weights import EFFICIENTNET, folder_of


@pytest.mark.parametrize("file", ["w.safetensors", "w.SAFETENSORS", "w.pt", "w.pth", "w.bin"])
def test_every_kind_of_file_gives_the_same_logits(
    small: Checkpoint, tensors: dict[str, Tensor], tmp_path: Path, file: str
) -> None:
    (save_file if "safe" in file.lower() else torch.save)(tensors, tmp_path / file)
    loaded = store.load(folder_of(tmp_path / file))
    batch = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded.model(batch), small.model(batch))
    assert loaded.card.class_names[4] == "class 4"
    assert loaded.card.preprocess == registry.default_preprocess(EFFICIENTNET)
    assert loaded.card.source == f"imported from {file}"


def _prefixed(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda t: {"state_dict": t, "epoch": 3},
        lambda t: {"model": t, "optimizer": {"state": {}, "param_groups": []}},
        lambda t: {"model_state_dict": OrderedDict(t)},
        lambda t: {"net": t},
        lambda t: {"model": {"state_dict": t}},
        lambda t: _prefixed(t, "module."),
        lambda t: {"state_dict": _prefixed(t, "model.")},
        lambda t: {"state_dict": _prefixed(t, "module.model.")},
        lambda t: _prefixed(t, "_orig_mod."),
        lambda t: {
            name: nn.Parameter(value) if value.is_floating_point() else value for name, value in t.items()
        },
    ],
)
def test_wrappers_and_prefixes_of_training_scripts_are_taken_off(
    tensors: dict[str, Tensor], tmp_path: Path, wrapped: Callable[[dict[str, Tensor]], object]
) -> None:
    torch.save(wrapped(tensors), tmp_path / "w.pth")
    read = weights.read(tmp_path / "w.pth")
    assert list(read) == list(tensors)
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())


def test_batch_norms_counters_may_be_missing_and_halves_become_floats(
    small: Checkpoint, tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    old = {name: tensor.half() for name, tensor in tensors.items() if "num_batches" not in name}
    torch.save(old, tmp_path / "w.pt")
    model = store.load(folder_of(tmp_path / "w.pt")).model
    for name, parameter in model.named_parameters():
        assert parameter.dtype == torch.float32
        assert torch.equal(parameter, small.model.get_parameter(name).half().float())


def test_missing_and_unexpected_tensors_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    tensors["extra.weight"] = tensors.pop("conv_head.weight")
    torch.save(tensors, tmp_path / "w.pt")
    message = "of another architecture: missing 'conv_head.weight'; not expected 'extra.weight'"
    with pytest.raises(CheckpointError, match=re.escape(message)):
        folder_of(tmp_path / "w.pt")


def test_of_many_missing_tensors_three_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(dict(list(tensors.items())[:-10]), tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match=r"missing '[^']+', '[^']+', '[^']+' and \d more$"):
        folder_of(tmp_path / "w.pt")


def test_weights_of_another_architecture_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(tensors, tmp_path / "w.pt")
    with pytest.raises(
        CheckpointError, match=r"of another architecture: missing 'conv1.*not expected 'conv_stem"
    ):
        folder_of(tmp_path / "w.pt", architecture="timm:test_resnet")


def test_a_tensor_of_another_shape_is_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    tensors["conv_stem.weight"] = torch.zeros(7, 3, 3, 3)
    torch.save(tensors, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match=r"'conv_stem.weight' is \(7, 3, 3, 3\), not \(\d+, 3, 3, 3\)"):
        folder_of(tmp_path / "w.pt")


@pytest.mark.parametrize("num_classes", [2, 4, 6, 1000])
def test_a_class_list_of_another_length_is_said(
    tensors: dict[str, Tensor], tmp_path: Path, num_classes: int
) -> None:
    torch.save(tensors, tmp_path / "w.pt")
    message = (
        f"the class list has {num_classes} names, the weights have 5 classes: 'classifier.weight' is (5, 256)"
    )
    with pytest.raises(CheckpointError, match=re.escape(message)):
        folder_of(tmp_path / "w.pt", num_classes)
    assert not (tmp_path / "checkpoints").exists()


def test_an_import_into_a_name_that_is_taken_changes_nothing(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(tensors, tmp_path / "w.pt")
    folder = folder_of(tmp_path / "w.pt")
    before = (folder / "card.json").read_bytes()
    with pytest.raises(CheckpointError, match="a checkpoint named 'mine' exists already"):
        folder_of(tmp_path / "w.pt")
    assert (folder / "card.json").read_bytes() == before
