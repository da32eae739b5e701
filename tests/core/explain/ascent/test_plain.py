"""Plain ascent is its steps by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.explain.ascent import mean_activation
from core.explain.ascent.plain import Plain, unit
from tests.support.networks.ascents import COLOUR, SMALL, Filter, ascended, input_of
from tests.support.networks.tiny_models import (
    GapCnn,
    noise,
    seeded,
)


@pytest.mark.slow
def test_ascent_of_one_linear_filter_of_unit_norm_converges_to_it() -> None:
    """Every step is the filter itself, so after n steps the start's share has fallen as 1 / n."""
    model = seeded(Filter)
    found = input_of(model, "filter", replace(SMALL, steps=1000, step_size=100.0))
    torch.testing.assert_close(found / found.norm(), model.filter.weight, atol=1e-4, rtol=0)


def test_steps_by_hand_are_the_steps_of_the_code() -> None:
    model, channel = seeded(GapCnn), 2
    image = SMALL.start(channel, 0, 3)[None]
    for _ in range(SMALL.steps):
        image = image.detach().requires_grad_()
        model.backbone[:3](image)[0, channel, 1:-1, 1:-1].mean().backward()
        image = image + 0.5 * image.grad / image.grad.pow(2).sum().sqrt()
    found = input_of(model, "backbone.2", replace(SMALL, border=1), channel)
    # The map is 3 x 4: a border of 1 leaves one row of two.
    torch.testing.assert_close(found, image.detach())
    reached = model.backbone[:3](found)[0, channel, 1, 1:3].mean().item()
    assert ascended(model, "backbone.2", replace(SMALL, border=1), channel).activation == pytest.approx(
        reached
    )


def test_noise_is_uniform_from_0_4_to_0_6_and_each_channel_and_seed_has_its_own() -> None:
    start = Plain().start(0, 0, 3)
    assert start.shape == (3, 200, 200)
    assert 0.4 <= start.min() < 0.401
    assert 0.599 < start.max() <= 0.6
    assert start.std() == pytest.approx(0.2 / 12**0.5, rel=0.01)
    assert torch.equal(start, Plain().start(0, 0, 3))
    assert all(
        not torch.equal(start, other)
        for other in (Plain().start(1, 0, 3), Plain(seed=1).start(0, 0, 3), Plain().start(0, 1, 3))
    )


def test_a_plain_picture_is_centred_scaled_and_cropped_as_in_the_book() -> None:
    inputs = noise(1, 3, 200, 200) * 3 + 7
    centred = inputs[0].permute(1, 2, 0).numpy()
    centred = (centred - centred.mean()) / centred.std()
    expected = np.clip(centred * 64 + 128, 0, 255)[25:-25, 25:-25]
    picture = Plain().pictures(inputs, COLOUR)[0]
    assert picture.shape == (150, 150, 3)
    assert np.abs(picture - expected).max() <= 0.5 + 1e-4


def test_a_gradient_of_zero_stays_zero_and_others_get_length_one() -> None:
    gradients = torch.stack([torch.zeros(3, 4, 4), 1e-18 * torch.ones(3, 4, 4), noise(3, 4, 4).float()])
    lengths = unit(gradients).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.tensor([0.0, 1.0, 1.0]))


def test_the_mean_leaves_out_a_border_as_long_as_a_cell_is_left() -> None:
    maps = noise(2, 3, 7, 5)
    torch.testing.assert_close(mean_activation(maps, 2), maps[:, :, 2:5, 2:3].mean((2, 3)))
    torch.testing.assert_close(mean_activation(maps, 9), maps[:, :, 3, 2])
    assert torch.equal(mean_activation(maps[:, :, :1, :1], 2), maps[:, :, 0, 0])
