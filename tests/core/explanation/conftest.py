"""Images for the small network."""

import pytest
import torch
from torch import Tensor

from core.explanation import asking


@pytest.fixture
def batch() -> Tensor:
    """Three images for the small checkpoint."""
    return torch.randn(3, 3, 160, 160, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch in one pass, as on a GPU."""
    monkeypatch.setattr(asking, "_IMAGES_AT_ONCE", {"cpu": 16, "cuda": 16})
