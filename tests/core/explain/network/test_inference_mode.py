"""Explaining under torch.inference_mode, as Lightning validates, and networks that give no tensor."""

import pytest
import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.maps.cam import CAM_METHODS, class_activation_map
from core.explain.maps.pixels import PIXEL_METHODS, PixelQuestion
from core.explain.maps.regions import REGION_METHODS

ATTENTION = {"attention_rollout", "le_grad"}  # See test_attention.py.
METHODS = {name: method for name, method in (REGION_METHODS | PIXEL_METHODS).items() if name not in ATTENTION}


class _Network(nn.Module):
    def __init__(self, key: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.fc, self.key = nn.Conv2d(3, 8, 3), nn.Linear(8, 3), key

    def forward(self, batch: Tensor) -> object:
        logits = self.fc(self.conv(batch).mean((2, 3)))
        return {self.key: logits} if self.key else logits


BATCH = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
DIRECTION = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])


@pytest.mark.parametrize("name", CAM_METHODS)
def test_a_map_is_the_same_under_inference_mode(name: str) -> None:
    def ask(batch: Tensor) -> Tensor:
        return class_activation_map(
            network, batch, target_layer="conv", class_idx=1, method=CAM_METHODS[name]
        )

    network = _Network()
    expected = ask(BATCH)
    with torch.inference_mode():
        assert torch.equal(ask(BATCH.clone()), expected)


@pytest.mark.parametrize("name", METHODS)
def test_an_attribution_is_the_same_under_inference_mode(name: str) -> None:
    network = _Network()
    expected = METHODS[name](PixelQuestion(network, BATCH, DIRECTION, "conv"))
    with torch.inference_mode():
        question = PixelQuestion(network, BATCH.clone(), DIRECTION.clone(), "conv")
        assert torch.equal(METHODS[name](question), expected)


def test_a_network_that_was_made_under_inference_mode_is_named() -> None:
    with torch.inference_mode():
        network = _Network()
    message = "the network was made or moved under torch.inference_mode, which forbids gradients"
    with pytest.raises(LayerError, match=message):
        class_activation_map(network, BATCH, target_layer="conv", class_idx=0)
    with pytest.raises(LayerError, match=message):
        PIXEL_METHODS["saliency"](PixelQuestion(network, BATCH, DIRECTION))


@pytest.mark.parametrize("name", METHODS)
def test_a_network_that_gives_a_dictionary_is_named(name: str) -> None:
    with pytest.raises(LayerError, match="this network gives dict; a classifier gives logits"):
        METHODS[name](PixelQuestion(_Network("logits"), BATCH, DIRECTION, "conv"))
