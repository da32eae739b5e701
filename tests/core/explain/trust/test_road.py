"""Removed pixels follow from their neighbours, as in pytorch-grad-cam; and the curves that result."""

import pytest
import torch
from torch import Tensor, nn

from core.explain.trust.road import filled, road
from tests.support.networks.tiny_models import GapCnn, assert_unchanged, noise, seeded, snapshot

PHOTO = noise(1, 3, 9, 13, seed=2)
# The peer mixes tensors and arrays.
peers = pytest.mark.filterwarnings("ignore:__array_wrap__")


def _gaps(share: float, seed: int = 0) -> Tensor:
    return torch.rand(9, 13, generator=torch.Generator().manual_seed(seed)) < share


@peers
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_filling_is_that_of_pytorch_grad_cam(share: float) -> None:
    """At borders and in corners too; it solves in float32."""
    peer = pytest.importorskip("pytorch_grad_cam.metrics.road")
    gaps = _gaps(share)
    expected = peer.NoisyLinearImputer(noise=0)(PHOTO[0].float(), (~gaps).float())
    torch.testing.assert_close(filled(PHOTO, gaps, noise=0)[0].float(), expected, rtol=0, atol=1e-5)


def test_a_slope_is_restored() -> None:
    """A plane is the mean of its neighbours everywhere but at the border."""
    rows, columns = torch.arange(9.0).double()[:, None], torch.arange(13.0).double()
    plane = (2 * rows - 3 * columns).expand(1, 3, 9, 13)
    gaps = torch.zeros(9, 13, dtype=torch.bool)
    gaps[2:7, 3:10] = True
    torch.testing.assert_close(filled(plane, gaps, noise=0), plane.contiguous())


def test_pixels_that_remain_stay_as_they_are() -> None:
    gaps = _gaps(0.4)
    photo = filled(PHOTO, gaps)
    assert torch.equal(photo[..., ~gaps], PHOTO[..., ~gaps])
    assert not torch.isclose(photo[..., gaps], PHOTO[..., gaps]).any()


def test_noise_is_added_to_what_is_filled_and_follows_the_seed() -> None:
    gaps = torch.ones(9, 13, dtype=torch.bool)
    gaps[0] = False
    plain = filled(PHOTO, gaps, noise=0)
    first, again, other = (filled(PHOTO, gaps, noise=0.5, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert abs((first - plain)[..., gaps].std() - 0.5) < 0.05
    assert not torch.equal(first, other)


def test_no_gap_changes_nothing_and_nothing_but_gaps_is_refused() -> None:
    assert torch.equal(filled(PHOTO, torch.zeros(9, 13, dtype=torch.bool)), PHOTO)
    with pytest.raises(ValueError, match="all pixels are missing"):
        filled(PHOTO, torch.ones(9, 13, dtype=torch.bool))


class _ReadsOnePlace(nn.Module):
    """Two classes; the first one's logit is the brightness of a 3 × 3 square."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 2)."""
        square = batch[:, :, 3:6, 4:7].mean((1, 2, 3))
        return torch.stack([square, torch.zeros_like(square)], 1)


def test_a_map_of_the_evidence_falls_at_once_and_stays_up_when_it_is_kept() -> None:
    photo = torch.zeros(1, 3, 9, 13).double()
    photo[:, :, 3:6, 4:7] = 4
    evidence = torch.zeros(9, 13)
    evidence[3:6, 4:7] = torch.arange(9.0, 0, -1).view(3, 3)
    curves = road(_ReadsOnePlace(), photo, evidence, 0, shares=(0.1, 0.5, 0.9))
    sure, undecided = torch.tensor(4.0).sigmoid().item(), 0.5
    assert (curves.most_first - undecided).abs().max() < 0.02
    assert (curves.least_first - sure).abs().max() < 0.02
    assert curves.score == pytest.approx((sure - undecided) / 2, abs=0.02)


def test_the_reversed_map_has_the_opposite_score(model: GapCnn) -> None:
    """No two pixels are equal: the darkest of the one are the brightest of the other."""
    heat = noise(9, 13, seed=4)
    there, back = (road(model, PHOTO, each, 1) for each in (heat, -heat))
    assert torch.equal(there.most_first, back.least_first)
    assert there.score == -back.score
    assert abs(there.score) > 1e-4


@peers
def test_pytorch_grad_cam_follows_the_same_curve(model: GapCnn, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = pytest.importorskip("pytorch_grad_cam.metrics.road")
    monkeypatch.setattr(peer.NoisyLinearImputer.__init__, "__defaults__", (0, peer.neighbors_weights))
    heat = torch.rand(9, 13, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.float().head.weight *= 50
    target = [lambda logits: logits.softmax(0)[0]]
    combined = peer.ROADCombined(percentiles=[20, 50, 80])
    expected = combined(PHOTO.float(), heat[None].numpy(), target, model)[0]
    curves = road(model, PHOTO.float(), heat, 0, shares=(0.2, 0.5, 0.8))
    assert curves.score == pytest.approx(expected, abs=1e-3)


def test_a_network_in_use_is_left_as_it_was() -> None:
    model, untouched = seeded(GapCnn).train(), PHOTO.clone()
    before = snapshot(model)
    road(model, PHOTO, noise(9, 13), 1, shares=(0.5,))
    assert_unchanged(model, before)
    assert torch.equal(PHOTO, untouched)
