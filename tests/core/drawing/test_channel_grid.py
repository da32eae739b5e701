"""Tiles of a grid: where they lie, how they are coloured, and how a silent channel looks."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.drawing.channel_grid import GAP, Layout, grid, page_layout, poster_layout
from core.drawing.render import palette, png

LOUD = np.zeros(64, np.bool_)


def _tile(picture: NDArray[np.uint8], layout: Layout, position: int) -> NDArray[np.uint8]:
    x, y = layout.corner(position)
    return picture[y : y + layout.tile[1], x : x + layout.tile[0]]


def _values(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize(
    ("map_size", "tile"),
    [
        ((7, 7), (91, 91)),
        ((14, 14), (84, 84)),
        ((112, 112), (96, 96)),
        ((1, 1), (96, 96)),
        ((6, 8), (96, 72)),
        ((400, 200), (48, 96)),
        ((1, 500), (96, 1)),
    ],
)
def test_small_maps_are_drawn_at_a_whole_multiple_and_large_ones_at_the_side(
    map_size: tuple[int, int], tile: tuple[int, int]
) -> None:
    assert page_layout(64, map_size, side=96).tile == tile


@pytest.mark.parametrize("num_tiles", [1, 3, 8, 64, 320, 1280, 2048])
@pytest.mark.parametrize("map_size", [(7, 7), (56, 28), (224, 224)])
def test_a_poster_of_any_layer_holds_all_channels_in_a_picture_that_opens(
    num_tiles: int, map_size: tuple[int, int]
) -> None:
    layout = poster_layout(num_tiles, map_size)
    assert layout.columns * (layout.rows - 1) < num_tiles <= layout.columns * layout.rows
    assert max(layout.size) <= 2400
    assert min(layout.tile) >= 10


def test_every_cell_is_a_square_of_its_colour_and_between_tiles_it_is_transparent() -> None:
    """Built again pixel by pixel."""
    values = _values(5, 2, 3)
    layout = Layout(num_tiles=5, columns=2, tile=(12, 8), caption=6)
    picture = grid(values, LOUD[:5], layout)
    expected = np.zeros((3 * (8 + 6 + GAP) - GAP, 2 * (12 + GAP) - GAP, 4), np.uint8)
    for channel in range(5):
        top, left = channel // 2 * (8 + 6 + GAP), channel % 2 * (12 + GAP)
        for y in range(8):
            for x in range(12):
                level = round(float(values[channel, y // 4, x // 4]) * 255)
                expected[top + y, left + x] = [*palette("viridis")[level], 255]
    assert picture.shape[1::-1] == layout.size
    assert np.array_equal(picture, expected)


def test_a_map_larger_than_its_tile_is_drawn_as_the_mean_of_its_cells() -> None:
    values = _values(2, 192, 192)
    layout = page_layout(2, (192, 192), side=96)
    drawn = grid(values, LOUD[:2], layout)
    means = values[1].reshape(96, 2, 96, 2).mean((1, 3))
    expected = palette("viridis")[(means * 255).round().astype(int)]
    assert np.abs(_tile(drawn, layout, 1)[..., :3].astype(int) - expected).max() <= 2


def test_a_silent_channel_is_grey_with_lines_whatever_its_values() -> None:
    values, silent = _values(3, 4, 4), np.array([False, True, False])
    layout = page_layout(3, (4, 4))
    picture = grid(values, silent, layout)
    tile = _tile(picture, layout, 1)
    assert np.unique(tile.reshape(-1, 4), axis=0).tolist() == [[150, 150, 150, 255], [176, 176, 176, 255]]
    assert (tile[..., 0] == 150).mean() == pytest.approx(1 / 12, abs=0.01)
    alone = grid(values[[0, 2]], LOUD[:2], page_layout(2, (4, 4)))
    assert np.array_equal(_tile(picture, layout, 2), _tile(alone, page_layout(2, (4, 4)), 1))


def test_a_caption_is_written_below_its_tile_and_nowhere_else() -> None:
    values, layout = _values(4, 3, 3), page_layout(4, (3, 3), columns=2)
    plain, written = grid(values, LOUD[:4], layout), grid(values, LOUD[:4], layout, captions=["", 1279])
    changed = np.argwhere((plain != written).any(2))
    x, y = layout.corner(1)
    assert len(changed) > 20
    assert changed.min(0).tolist() >= [y + layout.tile[1], x]
    assert (changed[:, 1] >= x).all()
    assert changed[:, 0].max() < y + layout.tile[1] + layout.caption


def test_a_click_finds_the_tile_under_it_or_its_caption() -> None:
    layout = page_layout(11, (7, 7), columns=4)
    for position in range(11):
        left, top = layout.corner(position)
        width, height = layout.tile
        for x, y in [(left, top), (left + width - 0.5, top + height + layout.caption - 0.5)]:
            assert layout.position_at(x, y) == position
        assert layout.position_at(left + width + 1, top) is None
        assert layout.position_at(left, top + height + layout.caption + 1) is None
    for x, y in [(-9, 0), (0, -9), (4 * layout.cell[0], 0), (3 * layout.cell[0], 2 * layout.cell[1])]:
        assert layout.position_at(x, y) is None


def test_a_grid_becomes_a_png_with_its_transparency() -> None:
    layout = page_layout(2, (2, 2))
    picture = grid(_values(2, 2, 2), LOUD[:2], layout)
    image = Image.open(BytesIO(png(picture)))
    assert image.mode == "RGBA"
    assert np.array_equal(np.asarray(image)[picture[..., 3] > 0], picture[picture[..., 3] > 0])
    assert image.getpixel((layout.tile[0] + 1, 0))[3] == 0
