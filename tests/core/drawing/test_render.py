"""Colours, overlays and encoded files."""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.drawing import render
from core.drawing.render import COLORMAPS, SIGNED, coloured, overlay, palette
from tests.support.programs import commands

# The first and last colours of matplotlib's maps of these names, and of Google's turbo.
ENDS = {
    "inferno": ((0, 0, 3), (252, 254, 164)),
    "viridis": ((68, 1, 84), (253, 231, 36)),
    "turbo": ((48, 18, 59), (122, 4, 2)),
}


def _photo(height: int = 300, width: int = 40) -> NDArray[np.uint8]:
    """More rows than one band of 256."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("colormap", COLORMAPS)
def test_a_palette_runs_from_its_maps_first_colour_to_its_last(colormap: str) -> None:
    colours = palette(colormap)
    assert colours.shape == (256, 3)
    assert colours.dtype == np.uint8
    for colour, expected in zip((colours[0], colours[-1]), ENDS[colormap], strict=True):
        assert colour.tolist() == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("colormap", ["inferno", "viridis"])
def test_a_palette_for_heat_only_gets_lighter(colormap: str) -> None:
    lightness = cv2.cvtColor(palette(colormap)[None], cv2.COLOR_RGB2LAB)[0, :, 0].astype(int)
    assert np.diff(lightness).min() >= -2
    assert lightness[-1] - lightness[0] > 180


def test_the_signed_palette_is_blue_against_red_for_and_palest_in_the_middle() -> None:
    colours = palette(SIGNED).astype(int)
    assert colours.shape == (256, 3)
    assert (colours[:128, 2] > colours[:128, 0]).all()
    assert (colours[128:, 0] > colours[128:, 2]).all()
    assert colours[0].sum() < colours[127].sum()
    assert colours[255].sum() < colours[128].sum()


def test_opacity_is_the_size_of_the_value_and_what_is_not_known_is_transparent() -> None:
    values = np.array([[0, 0.2, 1, np.nan]], np.float32)
    pixels = coloured(values, "inferno")
    assert pixels.shape == (1, 4, 4)
    assert pixels[0, :, 3].tolist() == [0, 51, 255, 0]
    assert pixels[0, 2, :3].tolist() == palette("inferno")[255].tolist()


def test_signed_zero_is_transparent_and_the_sign_picks_the_side() -> None:
    values = np.array([[-1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, np.nan]], np.float32)
    pixels = coloured(values, SIGNED)[0]
    assert pixels[:, 3].tolist() == [255, 128, 0, 0, 0, 128, 255, 0]
    red, blue = pixels[:, 0].astype(int), pixels[:, 2].astype(int)
    assert (blue[:3] > red[:3]).all()
    assert (red[4:7] > blue[4:7]).all()
    assert pixels[[0, 6], :3].tolist() == palette(SIGNED)[[0, 255]].tolist()


@pytest.mark.parametrize("colormap", [*COLORMAPS, SIGNED])
def test_without_opacity_it_is_the_photo_where_seen(colormap: str) -> None:
    photo = _photo()
    values = (
        np.random.default_rng(1).uniform(-1 if colormap == SIGNED else 0, 1, (300, 40)).astype(np.float32)
    )
    values[:, :7] = np.nan
    picture = overlay(photo, values, colormap, opacity=0)
    assert np.array_equal(picture[:, 7:], photo[:, 7:])
    assert not np.array_equal(picture[:, :7], photo[:, :7])


def test_an_overlay_mixes_photo_and_colour_by_value_and_opacity() -> None:
    photo, values = np.full((1, 3, 3), 100, np.uint8), np.array([[0, 0.5, 1]], np.float32)
    picture = overlay(photo, values, "inferno", opacity=0.8)
    assert picture[0, 0].tolist() == [100, 100, 100]
    for column, value in ((1, 0.5), (2, 1.0)):
        colour = palette("inferno")[round(value * 255)]
        expected = 100 * (1 - 0.8 * value) + colour * 0.8 * value
        assert picture[0, column] == pytest.approx(expected, abs=1)


def test_what_was_not_seen_is_greyed_and_hatched_across_the_seams_of_bands() -> None:
    """No hue is left, and one diagonal in ten is darker, at the same places in every band."""
    photo = _photo()
    before = photo.copy()
    picture = overlay(photo, np.full((300, 40), np.nan, np.float32), "inferno")
    assert np.array_equal(photo, before)
    assert (picture == picture[..., :1]).all()
    grey = 0.55 * photo.mean(2) + 0.45 * 225
    rows, columns = np.indices((300, 40))
    hatched = (rows + columns) % 10 == 0
    assert picture[~hatched][:, 0] == pytest.approx(grey[~hatched], abs=1)
    assert (picture[hatched][:, 0] < grey[hatched] - 5).all()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux, where /proc tells the peak")
@pytest.mark.slow
def test_an_overlay_of_fifty_megapixels_takes_less_than_a_gigabyte() -> None:
    """Beside photo and values, which the caller has: the picture itself is 150 MB, all else is bands."""
    printed = commands.run("inferno", program="tests.support.effort.peak_of_overlay")
    megabytes, *pixel = map(float, printed.split())
    assert 140 < megabytes < 1000
    assert pixel == pytest.approx(7 * 0.3 + palette("inferno")[255] * 0.7, abs=1)


@pytest.mark.parametrize(("colormap", "levels"), [*((name, 0) for name in COLORMAPS), (SIGNED, 2)])
def test_a_heat_maps_file_shows_its_colours(colormap: str, levels: int) -> None:
    """To the bit where both have 256 levels; of the signed map's it has 127 to either side."""
    lowest = -1 if colormap == SIGNED else 0
    values = np.random.default_rng(1).uniform(lowest, 1, (30, 40)).astype(np.float32)
    values[:, :3], values[:, 3:6], values[0, 6:] = np.nan, 0, 1
    decoded = np.asarray(Image.open(BytesIO(render.heat_png(values, colormap))).convert("RGBA")).astype(int)
    expected = coloured(values, colormap).astype(int)
    assert (decoded[:, :6, 3] == 0).all()
    assert decoded[0, 6:].tolist() == expected[0, 6:].tolist()
    assert np.abs(decoded[..., 3] - expected[..., 3]).max() <= levels
    visible = expected[..., 3] > 2 * levels
    assert np.abs(decoded - expected)[visible].max() <= 2 * levels


def test_png_is_exact_in_colour_order_and_transparency() -> None:
    photo = _photo(33, 21)
    assert np.array_equal(np.asarray(Image.open(BytesIO(render.png(photo)))), photo)
    with_alpha = np.dstack([photo, photo[..., :1]])
    decoded = Image.open(BytesIO(render.png(with_alpha)))
    assert decoded.mode == "RGBA"
    assert np.array_equal(np.asarray(decoded), with_alpha)


def test_jpeg_keeps_the_colours_in_order_and_nearly_as_they_were() -> None:
    picture = np.zeros((64, 48, 3), np.uint8)
    picture[:, :16], picture[:, 16:32], picture[:, 32:] = (200, 30, 60), (20, 180, 70), (40, 60, 220)
    for quality, tolerance in ((90, 4), (100, 2)):
        decoded = Image.open(BytesIO(render.jpeg(picture, quality)))
        assert (decoded.format, decoded.size) == ("JPEG", (48, 64))
        inside = np.s_[:, [5, 24, 42]]
        assert np.asarray(decoded)[inside] == pytest.approx(picture[inside], abs=tolerance)
    assert len(render.jpeg(_photo(), 30)) < len(render.jpeg(_photo(), 90))
