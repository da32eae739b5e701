"""Filters at a glance: each weight is where, and of the colour, that it should be by hand."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.drawing.channel_grid import poster_layout
from core.inside.filters import weight_tiles
from core.inside.filters.kernels import Filters, in_colour, signed
from core.inside.filters.weight_tiles import ranks, scale_end, tiles

Weights = NDArray[np.float32]
TINGE = [128, 128, 128, 28]


def filters(weights: Weights, *, reads_image: bool = False) -> Filters:
    return Filters("conv", weights.astype(np.float32), 1, reads_image, is_alone=True)


def noise(*shape: int) -> Weights:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_filters_of_an_image_are_squares_of_its_colours_on_the_layers_scale() -> None:
    weights = np.zeros((2, 3, 3, 3))
    weights[0, :, 0, 2] = 2, -1, 0
    weights[1, 0, 0, 0] = 0.5
    found = tiles(filters(weights, reads_image=True), [0, 1], 96)
    assert found.shape == (2, 96, 96, 4)
    assert found[0, 0, 64].tolist() == found[0, 31, 95].tolist() == [255, 64, 128, 255]
    assert found[0, 32, 64].tolist() == found[0, 0, 63].tolist() == [128, 128, 128, 255]
    assert found[1, 31, 31].tolist() == [159, 128, 128, 255]


@pytest.mark.parametrize("num_colours", [1, 3])
def test_each_pixel_of_a_filter_of_an_image_is_one_square(num_colours: int) -> None:
    found = filters(noise(4, num_colours, 5, 5), reads_image=True)
    np.testing.assert_array_equal(tiles(found, [3, 1], 50)[:, ::10, ::10], in_colour(found)[[3, 1]])


def test_the_nine_strongest_kernels_lie_in_rows_of_three() -> None:
    """Kernel i is i everywhere: 10 to 2 are drawn; squares of 9 pixels, kernels of 27, and gaps of 4."""
    weights = np.broadcast_to(np.arange(11)[:, None, None], (1, 11, 3, 3))
    found = filters(weights)
    (tile,) = tiles(found, [0], 96)
    assert tile.shape == (89, 89, 4)
    end = scale_end(found)
    assert end == 10
    for place, size in enumerate(range(10, 1, -1)):
        top, left = 31 * (place // 3), 31 * (place % 3)
        expected = signed(np.full((27, 27), size, np.float32), end)
        np.testing.assert_array_equal(tile[top : top + 27, left : left + 27], expected)
    assert not tile[27:31].any()


def test_single_weights_are_squares_in_the_order_of_the_channels_that_they_read() -> None:
    weights = noise(3, 7, 1, 1)
    found = filters(weights)
    end = scale_end(found)
    (tile,) = tiles(found, [2], 96)
    assert tile.shape == (96, 96, 4)
    for place in range(7):
        expected = signed(weights[2, place, 0].clip(-end, end), end)[0]
        expected = TINGE if expected[3] < 28 else expected.tolist()
        assert tile[32 * (place // 3) + 31, 32 * (place % 3)].tolist() == expected
    assert not tile[64:, 32:].any()


def test_of_many_single_weights_the_same_64_are_squares_in_all_filters() -> None:
    """Of 96 channels, those whose weights in both filters have the largest norms, in their own order."""
    weights = np.tile(np.linspace(1, 2, 96), (2, 1)).reshape(2, 96, 1, 1)
    weights[0, :5] = 3
    weights[1, 95] = 0
    found = filters(weights)
    end = scale_end(found)
    order = np.argsort(-np.linalg.norm(weights.reshape(2, 96), axis=0))
    shown = sorted(order[:64].tolist())
    assert shown[:5] == [0, 1, 2, 3, 4]
    squares = tiles(found, [0, 1], 80)[:, 5::10, 5::10].reshape(2, 64, 4)
    expected = signed(weights[:, shown, 0, 0].astype(np.float32).clip(-end, end), end)
    faint = expected[..., 3] < 28
    np.testing.assert_array_equal(squares[~faint], expected[~faint])


def test_a_depthwise_filter_is_its_one_kernel() -> None:
    weights = noise(6, 1, 5, 5)
    found = filters(weights)
    (tile,) = tiles(found, [4], 100)
    assert tile.shape == (100, 100, 4)
    expected = signed(weights[4, 0].clip(-scale_end(found), scale_end(found)), scale_end(found))
    strong = expected[..., 3] >= 28
    np.testing.assert_array_equal(tile[::20, ::20][strong], expected[strong])
    assert (tile[::20, ::20][~strong] == TINGE).all()


def test_the_scale_leaves_out_a_hundredth_of_the_weights_which_have_the_full_colour() -> None:
    weights = np.arange(-100, 101).reshape(201, 1, 1, 1)
    found = filters(weights)
    assert scale_end(found) == 99
    squares = tiles(found, range(201), 1)[:, 0, 0]
    assert (squares[[0, 1]] == squares[0]).all()
    assert (squares[[199, 200]] == squares[200]).all()
    assert squares[[0, 200], 3].tolist() == [255, 255]
    assert squares[100].tolist() == TINGE


def test_a_layer_of_zeros_has_tiles_of_nothing() -> None:
    assert (tiles(filters(np.zeros((2, 4, 1, 1))), [0, 1], 20) == TINGE).all()


def test_ranks_are_by_norm_and_shared_by_equals() -> None:
    sizes = np.array([3, 5, 3, 0, -4]).reshape(5, 1, 1, 1)
    assert ranks(filters(sizes)).tolist() == [3, 1, 3, 5, 2]


def test_the_poster_has_the_tiles_in_their_order() -> None:
    found = filters(noise(5, 4, 3, 3))
    picture = np.asarray(Image.open(io.BytesIO(weight_tiles.poster(found, [3, 0, 4, 1, 2]))))
    side = 160
    expected = tiles(found, [3, 0, 4, 1, 2], side)
    layout = poster_layout(5, (expected.shape[1], expected.shape[2]))
    width, height = layout.tile
    assert (height, width) == expected.shape[1:3]
    for place, tile in enumerate(expected):
        x, y = layout.corner(place)
        np.testing.assert_array_equal(picture[y : y + height, x : x + width], tile)
