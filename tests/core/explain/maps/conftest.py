"""A linear network, whose maps are known."""

import pytest
from torch import Tensor

from tests.support.networks.linear_networks import LinearNet
from tests.support.networks.tiny_models import noise, seeded


@pytest.fixture
def linear() -> tuple[LinearNet, Tensor]:
    """The network and two images, in float64."""
    return seeded(LinearNet), noise(2, 3, 44, 30, seed=6)
