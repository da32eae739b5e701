"""A small network whose weights tests import."""

import pytest
from torch import nn

from tests.support.foreign_weights import small_network


@pytest.fixture
def network() -> nn.Module:
    """A network of three classes, as timm makes it."""
    return small_network()
