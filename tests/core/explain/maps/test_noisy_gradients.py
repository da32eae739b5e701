"""Gradients averaged over noise: closed forms, the same numbers for a seed, alone as in a batch."""

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.pixels import PixelQuestion, gradient_shap, saliency, smooth_grad
from core.explain.network.tracing import towards
from tests.support.networks.linear_networks import LinearNet
from tests.support.networks.tiny_models import GapCnn

METHODS = pytest.mark.parametrize("method", [smooth_grad, gradient_shap])


class Squares(nn.Module):
    """Two logits: the sum of the squares of the pixels, and 0."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 2)."""
        squares = batch.square().sum((1, 2, 3))
        return torch.stack([squares, torch.zeros_like(squares)], 1)


def test_smooth_grad_of_a_linear_model_is_its_saliency(linear: tuple[LinearNet, Tensor]) -> None:
    model, batch = linear
    question = PixelQuestion(model, batch, towards(model(batch), [0, 1]))
    torch.testing.assert_close(smooth_grad(question), saliency(question))


def test_smooth_grad_of_squares_is_twice_the_mean_of_the_noisy_copies() -> None:
    """The noise has 0.15 of the image's range, here 2, as standard deviation; 32 copies leave 0.3 / √32."""
    batch = torch.linspace(-1, 1, 60).view(1, 1, 6, 10).expand(2, 3, 6, 10).clone()
    found = smooth_grad(PixelQuestion(Squares(), batch, torch.tensor([[1.0, 0]] * 2)))
    errors = found - 2 * batch[:, 0].abs()
    assert 0 < errors.abs().mean() < 4 * 2 * 0.3 / 32**0.5


def test_gradient_shap_of_a_linear_model_is_its_row_times_the_way_from_the_mean_reference(
    linear: tuple[LinearNet, Tensor],
) -> None:
    """The reference of an image of zeros comes out alone: row x (0 - mean reference)."""
    model, batch = linear
    direction = towards(model(batch), [0, 1])
    row = (direction @ model[1].weight.detach()).view(-1, 3, 44, 30)
    references = gradient_shap(PixelQuestion(model, torch.zeros_like(batch), direction))
    found = gradient_shap(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(found - references, (row * batch).sum(1))
    assert 0.1 < (references / row.norm(dim=1)).std() * 32**0.5 < 2


@METHODS
def test_noise_is_the_same_for_a_seed_and_for_an_image_in_any_batch(
    method: object, model: GapCnn, batch: Tensor
) -> None:
    direction = towards(model(batch), 1)
    torch.manual_seed(1)
    both = method(PixelQuestion(model, batch, direction))
    torch.manual_seed(2)
    alone = method(PixelQuestion(model, batch[1:], direction[1:]))
    torch.testing.assert_close(both[1:], alone)
    other = method(PixelQuestion(model, batch, direction, seed=1))
    assert not torch.allclose(both, other)


def test_smooth_grad_without_noise_is_captums_saliency(model: GapCnn) -> None:
    """A flat image has no range, so that its copies are all the same."""
    attr = pytest.importorskip("captum.attr")
    flat = torch.full((1, 3, 6, 8), 0.3, dtype=torch.float64)
    theirs = attr.NoiseTunnel(attr.Saliency(model)).attribute(
        flat.clone(), target=1, nt_samples=4, stdevs=0.0, nt_type="smoothgrad", abs=False
    )
    ours = smooth_grad(PixelQuestion(model, flat, towards(model(flat), 1)))
    torch.testing.assert_close(ours, theirs.abs().amax(1).detach())
