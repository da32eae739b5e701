"""DeepLIFT: differences add up, it is captum's where captum applies, and gradients where nothing differs."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.explain.maps.pixels import PixelQuestion, deep_lift
from core.explain.network.tracing import towards
from tests.support.networks.linear_networks import LinearNet, random_network
from tests.support.networks.tiny_models import FlattenCnn, GapCnn, InPlaceCnn, noise, seeded

ACTIVATIONS = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.SiLU(inplace=True), nn.GELU(), nn.Hardswish(), nn.Tanh(),
    nn.Sigmoid(), nn.LeakyReLU(0.2), nn.ELU(), nn.Softplus(), nn.Mish(), nn.Hardtanh(inplace=True),
]  # fmt: skip


class OfActivation(nn.Module):
    """The same activation twice, as a module that runs twice, between convolutions."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 3)
        self.norm, self.activation = nn.BatchNorm2d(4), activation

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        inner = self.activation(self.norm(self.first(batch)))
        logits: Tensor = self.head(self.activation(self.second(inner)).mean((2, 3)))
        return logits


def _gained(model: nn.Module, batch: Tensor, direction: Tensor) -> Tensor:
    """The score less that of the mean colour (N,)."""
    return ((model(batch) - model(torch.zeros_like(batch))) * direction).sum(1).detach()


def _adds_up(model: nn.Module, batch: Tensor) -> None:
    direction = towards(model(batch).detach(), 1, against=0)
    found = deep_lift(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(found.sum((1, 2)), _gained(model, batch, direction), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda each: type(each).__name__)
def test_attributions_sum_to_the_difference_of_the_scores(activation: nn.Module) -> None:
    _adds_up(seeded(lambda: OfActivation(activation)), noise(2, 3, 6, 8))


@pytest.mark.slow
@pytest.mark.parametrize("build", [FlattenCnn, InPlaceCnn, lambda: random_network("resnet18")])
def test_attributions_sum_to_the_difference_through_max_pooling_and_functions(
    build: Callable[[], nn.Module],
) -> None:
    _adds_up(seeded(build), noise(2, 3, 6, 8) if build in {FlattenCnn, InPlaceCnn} else noise(2, 3, 40, 33))


def test_a_linear_models_attribution_is_its_row_times_the_image(linear: tuple[LinearNet, Tensor]) -> None:
    model, batch = linear
    direction = towards(model(batch), [0, 1])
    row = (direction @ model[1].weight.detach()).view(-1, 3, 44, 30)
    torch.testing.assert_close(deep_lift(PixelQuestion(model, batch, direction)), (row * batch).sum(1))


class Threshold(nn.Module):
    """1 - ReLU(1 - x): flat above 1, where the gradient is nothing."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 1), the sum over the pixels."""
        return (1 - F.relu(1 - batch)).sum((1, 2, 3))[:, None]


def test_what_saturates_has_an_attribution_though_it_has_no_gradient() -> None:
    """The example of the paper's figure 1: from 0 to 2 the output rises by 1, so the multiplier is 1/2."""
    batch = torch.full((1, 1, 2, 2), 2.0)
    found = deep_lift(PixelQuestion(Threshold(), batch, torch.ones(1, 1)))
    torch.testing.assert_close(found, torch.ones(1, 2, 2))


def test_deep_lift_is_captums_where_each_activation_is_a_module_of_its_own(
    model: GapCnn, batch: Tensor
) -> None:
    attr = pytest.importorskip("captum.attr")
    theirs = attr.DeepLift(copy.deepcopy(model)).attribute(
        batch.clone(), torch.zeros_like(batch), target=[1, 2]
    )
    ours = deep_lift(PixelQuestion(model, batch, towards(model(batch), [1, 2])))
    torch.testing.assert_close(ours, theirs.sum(1).detach(), rtol=1e-5, atol=1e-8)


def test_an_image_of_mean_colour_has_no_attribution(model: GapCnn) -> None:
    flat = torch.zeros(1, 3, 6, 8).double()
    found = deep_lift(PixelQuestion(model, flat, towards(model(flat), 1)))
    assert torch.equal(found, torch.zeros(1, 6, 8).double())
    assert torch.overrides._get_current_function_mode() is None
