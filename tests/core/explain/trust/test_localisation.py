"""Pointing, energy and overlap of heat maps whose place is known, beside the centre and the area."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from core.explain.trust.localisation import localisation

RNG = np.random.default_rng(0)


def _mask(height: int, width: int, rows: slice, columns: slice) -> NDArray[np.bool_]:
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


OFF_CENTRE = _mask(40, 60, slice(5, 15), slice(10, 22))


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_uniform_map_has_the_masks_share_and_so_has_an_empty_one(level: float) -> None:
    scored = localisation(np.full((40, 60), level), OFF_CENTRE, tolerance=0)
    share = 120 / 2_400
    assert scored.area == pytest.approx(share)
    assert (scored.overlap.energy, scored.overlap.iou, scored.overlap.pointing) == pytest.approx([share] * 3)


def test_a_map_that_is_the_mask_is_perfect() -> None:
    overlap = localisation(OFF_CENTRE * 0.7, OFF_CENTRE).overlap
    assert (overlap.pointing, overlap.energy, overlap.iou) == (1, 1, 1)


def test_a_map_that_is_the_background_has_nothing_inside() -> None:
    overlap = localisation(1.0 - OFF_CENTRE, OFF_CENTRE, tolerance=0).overlap
    assert (overlap.pointing, overlap.energy) == (0, 0)
    assert overlap.iou == pytest.approx(0.05)  # The lowest threshold takes all pixels.


@pytest.mark.parametrize(("distance", "hits"), [(0, 1), (15, 1), (16, 0)])
def test_the_brightest_pixel_may_miss_by_15_pixels(distance: int, hits: int) -> None:
    heat = np.zeros((40, 60))
    heat[10, 21 + distance] = 1
    assert localisation(heat, OFF_CENTRE).overlap.pointing == hits


def test_several_brightest_pixels_count_by_their_share() -> None:
    heat = np.zeros((40, 60))
    heat[10, 12], heat[39, [57, 58, 59]] = 2, 2
    assert localisation(heat, OFF_CENTRE).overlap.pointing == 0.25


def test_energy_leaves_out_what_speaks_against() -> None:
    heat = np.zeros((40, 60))
    heat[6, 11], heat[30, 50], heat[31, 50] = 3, 1, -5
    assert localisation(heat, OFF_CENTRE).overlap.energy == 0.75


def test_the_best_threshold_is_the_best_of_all() -> None:
    """Equal values are above or below a threshold together."""
    heat = RNG.integers(0, 6, (7, 9)).astype(float)
    mask = RNG.random((7, 9)) < 0.3
    tried = [heat >= threshold for threshold in np.unique(heat)]
    expected = max((above & mask).sum() / (above | mask).sum() for above in tried)
    assert localisation(heat, mask).overlap.iou == pytest.approx(expected)
    assert 0.2 < expected < 0.9


def test_pixels_that_were_not_seen_do_not_count() -> None:
    heat = np.full((40, 60), np.nan)
    heat[:, 10:50] = 0.5
    scored = localisation(heat, OFF_CENTRE)
    assert scored.area == pytest.approx(120 / 1_600)
    assert scored.overlap.energy == pytest.approx(120 / 1_600)
    cropped = localisation(heat[:, 10:50], OFF_CENTRE[:, 10:50])
    assert scored.overlap == cropped.overlap


def test_the_centre_is_what_an_object_in_the_middle_needs() -> None:
    middle = _mask(41, 61, slice(13, 28), slice(19, 42))
    corner = _mask(41, 61, slice(0, 6), slice(0, 6))
    anything = np.ones((41, 61))
    good, bad = (localisation(anything, mask).centre for mask in (middle, corner))
    assert (good.pointing, bad.pointing) == (1, 0)
    assert good.energy > 2 * localisation(anything, middle).area
    assert good.iou > 0.7
    assert bad.energy < 0.5 * localisation(anything, corner).area


def test_the_centre_does_not_depend_on_the_map() -> None:
    maps = (RNG.random((40, 60)), np.zeros((40, 60)))
    one, other = (localisation(heat, OFF_CENTRE) for heat in maps)
    assert one.centre == other.centre


def test_scale_does_not_count() -> None:
    heat = RNG.random((40, 60))
    for factor in itertools.chain((1e-6, 1e6)):
        scaled = localisation(heat * factor, OFF_CENTRE).overlap
        plain = localisation(heat, OFF_CENTRE).overlap
        assert scaled.energy == pytest.approx(plain.energy)
        assert (scaled.iou, scaled.pointing) == (plain.iou, plain.pointing)


def test_a_mask_that_does_not_fit_or_was_not_seen_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a mask \(40, 60\) does not fit a heat map \(4, 6\)"):
        localisation(np.ones((4, 6)), OFF_CENTRE)
    heat = np.where(OFF_CENTRE, np.nan, 1.0)
    with pytest.raises(ValueError, match="the mask has no pixel that the network saw"):
        localisation(heat, OFF_CENTRE)
