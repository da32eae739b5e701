"""RISE is the covariance of random masks with the score."""

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.pixels import PixelQuestion, rise
from core.explain.maps.pixels.covering import random_masks
from core.explain.network.tracing import towards
from tests.support.networks.linear_networks import LinearNet
from tests.support.networks.tiny_models import noise, seeded


class OnePixel(nn.Module):
    """One logit: the first colour of the pixel in row 9 and column 20."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 1)."""
        return batch[:, 0, 9, 20:21]


def test_rise_is_the_covariance_of_a_pixels_mask_with_the_score() -> None:
    """Over the probability of 1/2 to be seen, written with all masks at once."""
    model, batch = seeded(LinearNet), noise(2, 3, 44, 30)
    direction = towards(model(batch), [0, 1])
    masks = torch.cat(list(random_masks((44, 30), 0, 100))).double()
    scores = torch.stack([(model(batch * mask) * direction).sum(1) for mask in masks]).detach()
    centred = (scores - scores.mean(0)).T @ (masks - masks.mean(0)).flatten(1)
    expected = centred.view(2, 44, 30) / len(masks) / 0.5
    torch.testing.assert_close(rise(PixelQuestion(model, batch, direction)), expected)


def test_rise_is_greatest_at_the_pixel_that_the_score_reads_and_nothing_where_masks_do_not_reach() -> None:
    """There it is the variance of the mask, over 1/2; the masks of cells far away are independent."""
    batch = torch.ones(1, 3, 44, 30)
    found = rise(PixelQuestion(OnePixel(), batch, torch.ones(1, 1)))[0]
    masks = torch.cat(list(random_masks((44, 30), 0, 100)))
    assert abs(found[9, 20] - 2 * masks[:, 9, 20].var(correction=0)) < 1e-5
    assert found[9, 20] > 0.99 * found.max()
    far = found[30:, :10]
    assert far.abs().max() < 5 * found[9, 20] / 1000**0.5


def test_masks_have_as_many_cells_and_keep_half_wherever_they_are_shifted() -> None:
    masks = torch.cat(list(random_masks((70, 56), 0, 64)))
    assert masks.shape == (1000, 70, 56)
    assert 0 <= masks.min() < 0.01
    assert 0.99 < masks.max() <= 1
    assert (masks.mean(0) - 0.5).abs().max() < 5 * 0.5 / 1000**0.5


@pytest.mark.slow
def test_masks_are_the_same_for_a_seed_however_many_share_a_pass() -> None:
    model, batch = seeded(LinearNet), noise(2, 3, 44, 30)
    direction = towards(model(batch), 1)
    both, other = (rise(PixelQuestion(model, batch, direction, seed=seed)) for seed in (0, 1))
    torch.testing.assert_close(rise(PixelQuestion(model, batch[1:], direction[1:])), both[1:])
    assert not torch.allclose(both, other)
