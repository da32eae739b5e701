"""Robust ascent raises a spectrum through views that turn, scale and shift."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.explain.ascent import mean_activation
from core.explain.ascent.fourier import pixels_of, spectrum_shape
from core.explain.ascent.robust import Robust, view
from core.explain.network.activations import activations
from tests.support.networks.ascents import COLOUR, ROBUST, Filter, ascended
from tests.support.networks.tiny_models import (
    GapCnn,
    noise,
    seeded,
)


def test_a_spectrum_of_one_frequency_is_a_wave_of_that_frequency() -> None:
    spectrum = torch.zeros(1, *spectrum_shape(1, (8, 16)), dtype=torch.float64)
    spectrum[0, 0, 0, 3, 0] = 0.5
    wave = torch.logit(pixels_of(spectrum, (8, 16)))[0, 0]
    expected = torch.cos(torch.arange(16).double() * 3 * 2 * torch.pi / 16).expand(8, 16)
    torch.testing.assert_close(wave / wave.max(), expected)
    # A frequency twice as high has half the amplitude for the same number.
    spectrum[0, 0, 0, [3, 6], 0] = torch.tensor([0, 0.5], dtype=torch.float64)
    assert torch.logit(pixels_of(spectrum, (8, 16))).max() == pytest.approx(wave.max().item() / 2)


def test_a_spectrum_of_zeros_is_grey_and_one_of_odd_size_has_that_size() -> None:
    spectra = torch.zeros(2, *spectrum_shape(3, (7, 9)))
    assert torch.equal(pixels_of(spectra, (7, 9)), torch.full((2, 3, 7, 9), 0.5))


def test_a_view_that_does_not_move_changes_nothing_and_one_pixel_of_jitter_moves_by_one() -> None:
    image = noise(2, 3, 6, 8)
    still = Robust(size=(6, 8), jitter=0, zoom=0, degrees=0)._motion(3)
    torch.testing.assert_close(view(image, still), image, atol=1e-6, rtol=0)
    still[0, 2] = 2 * 1 / 8
    torch.testing.assert_close(view(image, still)[..., :-1], image[..., 1:], atol=1e-6, rtol=0)
    assert view(image, still)[..., -1].abs().max() < 1e-6


def test_a_quarter_turn_is_a_quarter_turn_also_where_sides_differ() -> None:
    image = torch.zeros(1, 1, 5, 9, dtype=torch.float64)
    image[0, 0, 2, 6] = 1  # Two to the right of the centre.
    seen = view(image, torch.tensor([[0, -5 / 9, 0], [9 / 5, 0, 0]]))
    row, column = divmod(seen.flatten().argmax().item(), 9)
    assert (abs(row - 2), column) == (2, 4)


def test_each_step_draws_its_own_turn_scale_and_shift_within_bounds() -> None:
    settings = Robust(size=(50, 90), jitter=8, zoom=0.1, degrees=10)
    motions = torch.stack([settings._motion(step) for step in range(300)])
    assert torch.equal(motions[7], settings._motion(7))
    factors = (motions[:, 0, 0] ** 2 + (motions[:, 0, 1] * 90 / 50) ** 2).sqrt()
    angles = torch.atan2(-motions[:, 0, 1] * 90 / 50, motions[:, 0, 0]).rad2deg()
    torch.testing.assert_close(motions[:, 1, 0] * 50 / 90, -motions[:, 0, 1] * 90 / 50)
    for values, low, high in (
        (factors, 1 / 1.1, 1.1),
        (angles, -10, 10),
        (motions[:, 0, 2] * 90 / 2, -8, 8),
        (motions[:, 1, 2] * 50 / 2, -8, 8),
    ):
        spread = high - low
        assert low <= values.min() < low + 0.05 * spread
        assert high - 0.05 * spread < values.max() <= high


def test_robust_ascent_of_a_filter_brightens_what_the_filter_adds() -> None:
    """Without views, a pixel changes as the filter says, where the filter is strong and smooth."""
    model = seeded(Filter)
    with torch.no_grad():
        wave = torch.cos(torch.arange(8).double() * 2 * torch.pi / 8)
        model.filter.weight.copy_(wave.expand(1, 3, 6, 8))
    still = replace(ROBUST, steps=8, jitter=0, zoom=0, degrees=0)
    # The median of each column: Adam lifts what hardly matters as fast, up to a stray pixel.
    columns = np.median(ascended(model, "filter", still).picture, axis=0)
    assert columns[wave.numpy() < -0.5].max() < 96
    assert columns[wave.numpy() > 0.5].min() > 160


def test_the_activation_is_that_of_the_picture_without_views() -> None:
    """The picture has whole numbers, so to a 255th of a pixel's share."""
    model = seeded(GapCnn)
    found = ascended(model, "backbone.2", ROBUST, 1)
    pixels = torch.from_numpy(found.picture).permute(2, 0, 1)[None].double() / 255
    reached = mean_activation(activations(model, COLOUR.inputs(pixels), ["backbone.2"])["backbone.2"], 0)
    assert found.activation == pytest.approx(reached[0, 1].item(), abs=0.01)
