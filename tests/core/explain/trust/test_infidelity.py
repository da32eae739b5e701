"""Infidelity and sensitivity where they are known: for linear networks and for maps that are the photo."""

import pytest
import torch
from torch import Tensor

from core.explain.trust.infidelity import infidelity, sensitivity
from tests.support.networks.linear_networks import LinearNet
from tests.support.networks.tiny_models import GapCnn, assert_unchanged, noise, seeded, snapshot

pytest.importorskip("captum.metrics")


def _of_first_class(num: int) -> Tensor:
    return torch.tensor([[1.0, 0, 0, 0]]).double().expand(num, -1)


@pytest.fixture
def photos() -> Tensor:
    return noise(2, 3, 44, 30, seed=6)


def _exact(model: LinearNet, photos: Tensor) -> Tensor:
    """Each pixel's part of the score, over the mean colour."""
    return (model[1].weight[0].detach().view(3, 44, 30) * photos).sum(1)


@pytest.mark.parametrize("factor", [1, 1e-3, -50])
def test_the_exact_parts_of_a_linear_score_are_perfect_at_any_scale(photos: Tensor, factor: float) -> None:
    model = seeded(LinearNet)
    scores = infidelity(model, photos, factor * _exact(model, photos), _of_first_class(2))
    assert scores.abs().max() < 1e-9


def test_a_map_without_order_explains_hardly_anything(photos: Tensor) -> None:
    """A map of zeros explains nothing: its infidelity is the mean squared fall of the score."""
    model = seeded(LinearNet)
    nothing = infidelity(model, photos, torch.zeros(2, 44, 30).double(), _of_first_class(2), num=64)
    random = infidelity(model, photos, noise(2, 44, 30, seed=9), _of_first_class(2), num=64)
    assert nothing.min() > 1e-4
    assert (random / nothing).min() > 0.7
    assert (random / nothing).max() <= 1


def test_covered_squares_have_a_seventh_of_the_sides(photos: Tensor) -> None:
    """6 × 4 pixels of weight 1 on a photo of ones: the score falls by 3 · 24 whichever square it is."""
    model, ones = seeded(LinearNet), torch.ones_like(photos)
    with torch.no_grad():
        model[1].weight.fill_(1)
    falls = infidelity(model, ones, torch.zeros(2, 44, 30).double(), _of_first_class(2))
    torch.testing.assert_close(falls, torch.full((2,), (3 * 24.0) ** 2).double())


def test_a_map_that_never_changes_is_not_sensitive(photos: Tensor) -> None:
    fixed = noise(44, 30)
    assert sensitivity(lambda batch: fixed.expand(len(batch), -1, -1), photos, num=3).abs().max() == 0


def test_a_map_that_is_the_photo_changes_as_much_as_the_noise() -> None:
    """Uniform noise in ±r has the norm r √(P / 3) on P pixels; the map of ones and minus ones has √P."""
    photo = torch.ones(1, 1, 60, 50).double()
    photo[..., ::2] = -1
    shown: list[Tensor] = []

    def maps_of(batch: Tensor) -> Tensor:
        shown.append(batch - photo)
        return batch[:, 0]

    changes = sensitivity(maps_of, photo, share=0.05, num=4)
    assert changes.item() == pytest.approx(0.05 * 2 / 3**0.5, rel=0.03)
    noises = torch.cat(shown[1:])
    assert len(noises) == 4
    assert abs(noises.mean()) < 0.003
    assert 0.099 < noises.max() < 0.1


def test_gradients_can_be_asked_for_within(photos: Tensor) -> None:
    """captum calls a method without gradients. The gradient of a linear score does not change."""
    model = seeded(LinearNet)

    def gradient(batch: Tensor) -> Tensor:
        pixels = batch.clone().requires_grad_()
        return torch.autograd.grad(model(pixels)[:, 0].sum(), pixels)[0].sum(1)

    assert sensitivity(gradient, photos, num=2).abs().max() == 0


def test_the_same_seed_gives_the_same_numbers_whatever_was_drawn_before(photos: Tensor) -> None:
    model, maps = seeded(LinearNet), noise(2, 44, 30)

    def scores(seed: int) -> Tensor:
        torch.rand(1)
        return torch.cat(
            [
                infidelity(model, photos, maps, _of_first_class(2), seed=seed),
                sensitivity(lambda batch: batch.sum(1), photos, num=2, seed=seed),
            ]
        )

    assert torch.equal(scores(1), scores(1))
    assert not torch.isclose(scores(1), scores(2)).any()


def test_a_network_in_use_is_left_as_it_was(batch: Tensor) -> None:
    model, untouched = seeded(GapCnn).train(), batch.clone()
    before = snapshot(model)
    infidelity(model, batch, noise(2, 6, 8), torch.ones(2, 3).double())
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
