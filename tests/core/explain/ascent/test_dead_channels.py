"""A channel that no step raises is reported as dead."""

from dataclasses import replace

import pytest
import torch

from core.explain.ascent import Settings, ascend
from core.explain.ascent.gates import gradients, gradients_before_relu
from tests.support.networks.ascents import BOTH, COLOUR, SMALL, ascended
from tests.support.networks.tiny_models import (
    GapCnn,
    noise,
    seeded,
)


class Rectified(GapCnn):
    """Channels of ``backbone.1``: 0 never leaves 0, 1 is silent for noise from 0.4 to 0.6 but not for all."""

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            self.backbone[0].bias[0], self.backbone[0].weight[0] = -1.0, 0.0
            self.backbone[0].bias[1] = -2.0


@pytest.mark.slow
@BOTH
def test_a_dead_channel_is_reported_and_one_that_noise_leaves_silent_is_found(settings: Settings) -> None:
    model = seeded(Rectified)
    dead, silent, live = ascend(model, "backbone.1", range(3), replace(settings, steps=60), COLOUR)
    start = settings.inputs(settings.start(1, 0, 3)[None], COLOUR)
    assert (model.backbone[:2](start)[0, 1] == 0).all()
    assert [each.is_dead for each in (dead, silent, live)] == [True, False, False]
    assert dead.activation == 0 < silent.activation


def test_a_channel_that_hardly_changes_beside_the_others_is_dead_too() -> None:
    model = seeded(GapCnn)
    with torch.no_grad():
        model.backbone[0].weight[2] *= 1e-8
    assert ascended(model, "backbone.0", SMALL, 2).is_dead
    assert not ascended(model, "backbone.0", SMALL, 1).is_dead


def test_gradients_before_a_relu_are_those_of_what_goes_into_it() -> None:
    model, images = seeded(GapCnn), noise(2, 3, 6, 8, seed=4).requires_grad_()
    (expected,) = torch.autograd.grad(model.backbone[:3](images)[:, 1].mean(), images)
    before = gradients_before_relu(model.backbone(images)[:, 1].mean(), images)
    torch.testing.assert_close(before, expected)
    assert not torch.allclose(gradients(model.backbone(images)[:, 1].mean(), images), expected)
    # Behind a linear layer the ReLU is not the last thing, and counts.
    logit = model(images)[:, 0].sum()
    (expected,) = torch.autograd.grad(logit, images, retain_graph=True)
    torch.testing.assert_close(gradients_before_relu(logit, images), expected)
