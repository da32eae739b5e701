"""Small networks to ascend, and settings that take milliseconds."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.explain.ascent import Ascended, Settings, ascend
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.ascent.robust import Robust

COLOUR = Normalisation((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
SMALL = Plain(size=(6, 8), steps=5, step_size=0.5, border=0, crop=0)
ROBUST = Robust(size=(6, 8), steps=5, learning_rate=0.5, border=0, jitter=1)
BOTH = pytest.mark.parametrize("settings", [SMALL, ROBUST], ids=["plain", "robust"])


class Filter(nn.Module):
    """One linear filter of unit norm as large as the image (1, 3, 6, 8); logits (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Conv2d(3, 1, (6, 8), bias=False)
        with torch.no_grad():
            self.filter.weight /= self.filter.weight.norm()

    def forward(self, batch: Tensor) -> Tensor:
        """The filter's answer."""
        return self.filter(batch).flatten(1)


def ascended(model: nn.Module, layer: str, settings: Settings, channel: int = 0) -> Ascended:
    return next(ascend(model, layer, [channel], settings, COLOUR))


def input_of(model: nn.Module, layer: str, settings: Settings, channel: int = 0) -> Tensor:
    """The network input that ascent ends with."""
    kept: list[Tensor] = []

    class Kept(type(settings)):
        def pictures(self, inputs: Tensor, normalisation: Normalisation) -> np.ndarray:
            kept.append(inputs)
            return type(settings).pictures(settings, inputs, normalisation)

    fields = {name: getattr(settings, name) for name in settings.__slots__}
    ascended(model, layer, Kept(**fields), channel)
    return kept[-1]
