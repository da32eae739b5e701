"""Another head than the architecture's gives the same logits."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from core.checkpoints import store
from core.checkpoints.foreign.fitting import Wish
from core.checkpoints.foreign.importing import imported
from core.errors import CheckpointError
from tests.support.networks.foreign_weights import (
    NAMES,
    TINY,
    gives_the_same,
    imported_network,
    saved,
    small_network,
)


def _sequence(*layers: nn.Module) -> Callable[[int], nn.Module]:
    def head(features: int) -> nn.Module:
        return nn.Sequential(nn.Dropout(0.3), nn.Linear(features, 8), *layers, nn.Linear(8, 3))

    return head


HEADS: dict[str, Callable[[int], nn.Module]] = {
    "one layer": lambda features: nn.Sequential(nn.Dropout(0.3), nn.Linear(features, 3)),
    "relu": _sequence(nn.ReLU(), nn.Dropout(0.3)),
    "norm, relu": _sequence(nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3)),
    "relu, norm": _sequence(nn.ReLU(), nn.BatchNorm1d(8), nn.Dropout(0.3)),
    "nothing between": _sequence(),
    "layer norm": lambda features: nn.Sequential(nn.LayerNorm(features), nn.Linear(features, 3)),
    "no bias": lambda features: nn.Linear(features, 3, bias=False),
    "far indices": lambda features: nn.Sequential(
        *(nn.Identity() for _ in range(9)), nn.Linear(features, 8), nn.ReLU(), nn.Linear(8, 3)
    ),
    "names": lambda features: nn.Sequential(
        OrderedDict(fc1=nn.Linear(features, 8), act=nn.ReLU(), drop=nn.Dropout(), fc2=nn.Linear(8, 3))
    ),
}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_another_head_gives_the_same_logits(
    network: nn.Module, tmp_path: Path, kind: str, suffix: str
) -> None:
    network.fc = HEADS[kind](network.get_parameter("fc.weight").shape[1])
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.running_mean)  # type: ignore[arg-type]
    path = tmp_path / f"w.{suffix}"
    (save_file if suffix == "safetensors" else torch.save)(network.state_dict(), path)
    done = imported_network(path)
    assert gives_the_same(network, done)
    assert store.read_card(done.folder).head.at == "fc"
    assumed = "it is assumed to have relu between the linear layers of its head; the file does not say"
    assert (assumed in done.report.lines) == (
        kind in {"relu", "norm, relu", "relu, norm", "far indices", "names"}
    )


def test_the_activation_of_a_head_can_be_said(network: nn.Module, tmp_path: Path) -> None:
    network.fc = _sequence(nn.GELU())(network.get_parameter("fc.weight").shape[1])
    path = saved(network.state_dict(), tmp_path)
    assert gives_the_same(network, imported_network(path, activation="gelu"))
    with pytest.raises(CheckpointError, match="no activation 'swoosh' for a head; there is relu"):
        imported_network(path, activation="swoosh")


@pytest.mark.parametrize("num_outputs", [1, 4])
def test_a_head_of_another_number_of_outputs_is_said(
    network: nn.Module, tmp_path: Path, num_outputs: int
) -> None:
    features = network.get_parameter("fc.weight").shape[1]
    expected = "one logit .*sigmoid.*not supported" if num_outputs == 1 else "the weights have 4 classes"
    for head in (
        nn.Linear(features, num_outputs),
        nn.Sequential(nn.Dropout(), nn.Linear(features, num_outputs)),
    ):
        network.fc = head
        with pytest.raises(CheckpointError, match=expected):
            imported_network(saved(network.state_dict(), tmp_path))


@pytest.mark.slow
def test_a_classifier_that_was_replaced_as_a_whole_is_rebuilt(tmp_path: Path) -> None:
    network = torchvision.models.mobilenet_v3_small(num_classes=3).eval()
    for head in (nn.Linear(576, 3), nn.Sequential(nn.Linear(576, 8), nn.ReLU(), nn.Linear(8, 3))):
        network.classifier = head  # type: ignore[assignment]
        path = saved(network.state_dict(), tmp_path)
        done = imported_network(path, "torchvision:mobilenet_v3_small")
        assert gives_the_same(network, done)


def test_an_activation_that_there_is_not_is_refused_whatever_the_head(tmp_path: Path) -> None:
    save_file(small_network().state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="no activation 'nope' for a head"):
        imported(tmp_path / "w.safetensors", Wish(TINY, 3, "", "nope"), NAMES, name="x")
