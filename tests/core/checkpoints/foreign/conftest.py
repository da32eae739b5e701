"""A small network whose weights tests import."""

import pytest
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from tests.support.networks.foreign_weights import small_network


@pytest.fixture
def network() -> nn.Module:
    """A network of three classes, as timm makes it."""
    return small_network()


@pytest.fixture
def tensors(small: Checkpoint) -> dict[str, Tensor]:
    """The state dict of a network with five classes."""
    return {name: tensor.clone() for name, tensor in small.model.state_dict().items()}
