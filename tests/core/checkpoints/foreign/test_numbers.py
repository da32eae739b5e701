"""Every type of number is imported or refused in words."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints import paths, store
from core.errors import CheckpointError
from tests.support.networks.foreign_weights import gives_the_same, imported_network, saved


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_point_types_are_fine(network: nn.Module, tmp_path: Path, dtype: torch.dtype) -> None:
    network = network.to(dtype)
    done = imported_network(saved(network.state_dict(), tmp_path))
    loaded = store.load(done.folder).model
    assert all(
        torch.equal(own, network.get_parameter(name).float()) for name, own in loaded.named_parameters()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: (value * 9).to(torch.int8), "is of type int8; integers need a scale"),
        (lambda value: value.to(torch.complex64), "is of type complex64; a weight is a real number"),
        (lambda value: value > 0, "is of type bool; a weight is a real number"),
        (
            lambda value: value.to(torch.float8_e4m3fn),
            "is of type float8_e4m3fn; 8-bit floats need a scale",
        ),
        (lambda value: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8), "is quantised"),
        (lambda value: value.to_sparse(), "is a sparse tensor"),
        (lambda value: value.to("meta"), "is on the meta device"),
        (lambda value: value * float("nan"), "values that are not finite"),
        (lambda value: value / 0, "values that are not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_weight_is_refused_in_words(
    network: nn.Module, tmp_path: Path, change: Callable[[Tensor], Tensor], message: str
) -> None:
    tensors = network.state_dict()
    tensors["conv1.0.weight"] = change(tensors["conv1.0.weight"])
    with pytest.raises(CheckpointError, match=f"'conv1.0.weight' .*{message}"):
        imported_network(saved(tensors, tmp_path))
    assert not paths.folder("mine").exists()


def test_tensors_that_share_memory_are_imported(network: nn.Module, tmp_path: Path) -> None:
    tensors = network.state_dict()
    shared = torch.zeros(1000)
    for name, value in tensors.items():
        if name.endswith("running_mean"):
            tensors[name] = shared[: len(value)]
    network.load_state_dict(tensors)
    assert gives_the_same(network, imported_network(saved(tensors, tmp_path)))


def test_logits_that_are_not_finite_are_refused(network: nn.Module, tmp_path: Path) -> None:
    tensors = network.state_dict()
    tensors["fc.weight"] = torch.full_like(tensors["fc.weight"], 3e38)
    with pytest.raises(CheckpointError, match="the logits of a sample photo are not finite"):
        imported_network(saved(tensors, tmp_path))
