"""A map is stable where the network is symmetric or linear, and the score says how far it is not."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.explain.maps.cam import class_activation_map
from core.explain.trust.stability import MapsOf, Stability, mirrored, under_noise, under_shifts
from tests.support.networks.tiny_models import GapCnn, assert_unchanged, noise, seeded, snapshot

PHOTO = noise(1, 3, 12, 16)


def _brightness(batch: Tensor) -> Tensor:
    """A map of every pixel that follows the photo exactly."""
    return batch.sum(1)


def _coarse(batch: Tensor) -> Tensor:
    """A map of cells of four pixels."""
    return F.avg_pool2d(batch.sum(1, keepdim=True), 4)[:, 0]


def _grad_cam(model: nn.Module) -> MapsOf:
    return lambda batch: class_activation_map(model, batch, target_layer="backbone.1", class_idx=0)


def _symmetric() -> GapCnn:
    """Its first filters are their own mirror images; its stride is in the layers after."""
    model = seeded(GapCnn)
    with torch.no_grad():
        for convolution in (model.backbone[0], model.backbone[2]):
            convolution.weight += convolution.weight.flip(3).clone()
    model.backbone[2].stride = (1, 1)
    return model


def test_a_symmetric_network_is_perfectly_stable_under_mirroring() -> None:
    compared = mirrored(_grad_cam(_symmetric()), PHOTO)
    torch.testing.assert_close(compared.changed[0], compared.original)
    assert compared.rank_correlation.sub(1).abs().max() < 1e-6


def test_a_network_that_is_not_symmetric_is_not() -> None:
    compared = mirrored(_grad_cam(seeded(GapCnn)), PHOTO)
    assert compared.rank_correlation.item() < 0.9


def test_a_map_that_moves_with_the_photo_is_perfectly_stable_under_shifts() -> None:
    """But for the line of pixels that left the photo."""
    compared = under_shifts(_brightness, PHOTO)
    assert len(compared.changed) == 4
    inner = compared.changed[:, 1:-1, 1:-1]
    torch.testing.assert_close(inner, compared.original[1:-1, 1:-1].expand_as(inner))
    assert compared.rank_correlation.min() > 0.85


def test_photos_are_shifted_by_one_pixel_and_their_edge_is_repeated() -> None:
    shown: list[Tensor] = []

    def maps_of(batch: Tensor) -> Tensor:
        shown.append(batch)
        return _brightness(batch)

    under_shifts(maps_of, PHOTO)
    photo, down, up, right, left = shown
    assert torch.equal(down, photo[:, :, [0, *range(11)]])
    assert torch.equal(up, photo[:, :, [*range(1, 12), 11]])
    assert torch.equal(right, photo[..., [0, *range(15)]])
    assert torch.equal(left, photo[..., [*range(1, 16), 15]])


def test_a_map_of_cells_is_moved_back_by_a_quarter_of_a_cell() -> None:
    """A ramp of one unit a pixel stays the same ramp; only cells at the edge cannot be moved back."""
    ramp = torch.arange(16.0).double().expand(1, 3, 12, 16).contiguous()
    down, up, right, left = under_shifts(_coarse, ramp).changed
    expected = _coarse(ramp)[0]
    for changed in (down, up, right[:, 1:-1], left[:, 1:-1]):
        torch.testing.assert_close(
            changed, expected if changed.shape == expected.shape else expected[:, 1:-1]
        )


def test_a_map_fixed_to_the_frame_is_less_stable_than_one_that_moves() -> None:
    fixed = noise(12, 16, seed=2)
    assert under_shifts(lambda batch: fixed.expand(len(batch), -1, -1), PHOTO).rank_correlation.max() < 0.3


def test_noise_has_the_asked_share_of_the_photos_spread() -> None:
    """The map is the photo itself, so that the changes of the map are the noise."""
    photo = torch.linspace(-1, 3, 40 * 50).double().view(1, 1, 40, 50)
    compared = under_noise(lambda batch: batch[:, 0], photo, share=0.05, num=12)
    changes = compared.changed - compared.original
    assert abs(changes.std() / (0.05 * 4) - 1) < 0.02
    assert abs(changes.mean()) < 0.005


def test_mean_and_band_are_those_of_the_changed_maps() -> None:
    compared = Stability(torch.zeros(1, 1), torch.arange(101.0).view(101, 1, 1))
    assert compared.mean.item() == 50
    assert [edge.item() for edge in compared.band] == [5, 95]


def test_the_same_seed_gives_the_same_noise_and_another_seed_other() -> None:
    first, again, other = (under_noise(_brightness, PHOTO, seed=seed).changed for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.isclose(first, other).any()


def test_no_noise_changes_nothing() -> None:
    compared = under_noise(_grad_cam(seeded(GapCnn)), PHOTO, share=0, num=2)
    assert torch.equal(compared.changed, compared.original.expand_as(compared.changed))


@pytest.mark.parametrize("change", [under_noise, under_shifts, mirrored])
def test_the_network_and_the_photo_stay_as_they_were(change: object) -> None:
    assert callable(change)
    model, untouched = seeded(GapCnn).train(), PHOTO.clone()
    before = snapshot(model)
    change(_grad_cam(model), PHOTO)
    assert_unchanged(model, before)
    assert torch.equal(PHOTO, untouched)
