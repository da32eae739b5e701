"""Networks that keep tensors of a pass are afterwards as they were, in training and in evaluation."""

import pytest
import torch
from torch import Tensor, nn

from core.explain import class_activation_map


class Biased(nn.Module):
    """As LeViT: outside of training the biases are computed once, and kept until the next `train`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)
        self.biases = nn.Parameter(torch.randn(2))
        self.kept: dict[str, Tensor] = {}
        self.sizes: list[torch.Size] = []

    def train(self, mode: bool = True) -> "Biased":  # noqa: FBT001, FBT002 (PyTorch's own signature)
        """Forget the biases when a training begins."""
        super().train(mode)
        if mode:
            self.kept.clear()
        return self

    def _kept_biases(self) -> Tensor:
        if self.training:
            return self.biases[[0, 1, 0, 1]]
        if "cpu" not in self.kept:
            self.kept["cpu"] = self.biases[[0, 1, 0, 1]]
        return self.kept["cpu"]

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        self.sizes.append(batch.shape)
        self.last = self.conv(batch) + self._kept_biases()[:, None, None]
        logits: Tensor = self.head(self.last.mean((2, 3)))
        return logits


@pytest.fixture
def network() -> Biased:
    torch.manual_seed(0)
    return Biased()


@pytest.fixture
def batch() -> Tensor:
    return torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(0))


def _explain(network: nn.Module, batch: Tensor) -> Tensor:
    return class_activation_map(network, batch, target_layer="conv", class_idx=1)


def test_a_network_explained_within_its_training_sees_its_next_weights(
    network: Biased, batch: Tensor
) -> None:
    _explain(network.train(), batch)
    with torch.no_grad():
        network.biases += 1
    fresh = Biased()
    fresh.load_state_dict(network.state_dict())
    assert torch.equal(network.eval()(batch), fresh.eval()(batch))


@pytest.mark.parametrize("is_training", [True, False])
def test_nothing_that_a_pass_kept_remains(network: Biased, batch: Tensor, is_training: bool) -> None:  # noqa: FBT001
    kept, sizes = network.train(is_training).kept, network.sizes
    _explain(network, batch)
    assert (network.kept, network.sizes) == ({}, [])
    assert network.kept is kept
    assert network.sizes is sizes
    assert not hasattr(network, "last")


def test_what_was_kept_before_is_the_same_afterwards(network: Biased, batch: Tensor) -> None:
    network.eval()(batch)
    kept, last = network.kept["cpu"], network.last
    _explain(network, batch)
    assert network.kept["cpu"] is kept
    assert network.last is last
    assert network.sizes == [batch.shape]


def test_a_network_is_as_before_when_its_pass_fails(network: Biased, batch: Tensor) -> None:
    network.train()
    with pytest.raises(RuntimeError, match="expected input"):
        _explain(network, batch[:, :2])
    assert (network.kept, network.sizes) == ({}, [])
    assert network.training
