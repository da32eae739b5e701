"""Patches as pictures: the right part of the image at the right place, and nothing where there is none."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.sources.photos import photos_below
from core.drawing.channel_grid import CAPTION, GAP
from core.errors import ImageError
from core.images.preprocess import Window
from core.inside.examples.channel_tiles import tiles
from core.inside.examples.export import poster_png
from core.inside.examples.patches import (
    by_sample_id,
    drawing,
    in_patch,
    in_square,
    patch,
    patches,
    plain,
    poster,
    poster_layout,
    ringed,
    tile,
)
from core.inside.examples.stored_examples import Example, LayerSize

RED, BLUE = (200, 0, 0, 255), (0, 0, 200, 255)


def _halves() -> Image.Image:
    """40 x 20, red on the left and blue on the right."""
    image = Image.new("RGB", (40, 20), RED[:3])
    image.paste(BLUE[:3], (20, 0, 40, 20))
    return image


def _example(channel: int, rank: int, sample_id: str, window: Window) -> Example:
    return Example(channel, rank, sample_id, "", 0, 0, 1.0, 0.0, 0.0, window)


def test_a_patch_fills_its_square_with_that_part_of_the_image() -> None:
    assert (patch(_halves(), Window(0, 0, 15, 15), 30) == RED).all()
    assert (patch(_halves(), Window(25, 5, 40, 20), 30) == BLUE).all()
    both = patch(_halves(), Window(10, 0, 30, 20), 40)
    assert (both[:, :15] == RED).all()
    assert (both[:, 25:] == BLUE).all()


def test_an_oblong_patch_keeps_its_shape_and_is_in_the_middle() -> None:
    wide = patch(_halves(), Window(0, 0, 40, 20), 16)
    assert (wide[:4] == 0).all()
    assert (wide[12:] == 0).all()
    assert (wide[4:12, :, 3] == 255).all()
    tall = patch(_halves(), Window(0, 0, 5, 20), 16)
    assert (tall[:, 6:10] == RED).all()
    assert (np.delete(tall, range(6, 10), 1) == 0).all()


@pytest.mark.parametrize("window", [Window(3, 3, 3, 9), Window(40, 0, 50, 20), Window(5, 25, 9, 30)])
def test_a_part_outside_the_image_or_without_pixels_is_empty(window: Window) -> None:
    assert (patch(_halves(), window, 8) == 0).all()


def test_edges_beside_the_image_by_rounding_are_the_image() -> None:
    assert (patch(_halves(), Window(-1e-6, -1e-6, 15, 15), 8) == RED).all()
    assert (patch(_halves(), Window(25, 5, 40.000002, 20.000002), 8) == BLUE).all()


def test_each_sample_is_read_once_and_one_that_is_gone_stays_empty() -> None:
    left, right = Window(0, 0, 20, 20), Window(20, 0, 40, 20)
    asked: list[str] = []

    def image_of(sample_id: str) -> Image.Image:
        asked.append(sample_id)
        if sample_id == "gone":
            raise ImageError("no sample 'gone'")
        return _halves()

    channels = [
        [_example(0, 0, "a", left), _example(0, 1, "gone", left)],
        [],
        [_example(2, 0, "b", left), _example(2, 1, "a", right)],
    ]
    pictures = patches(channels, image_of, 8)
    assert asked == ["a", "gone", "b"]
    assert pictures.shape == (3, 9, 8, 8, 4)
    assert (pictures[0, 0] == RED).all()
    assert (pictures[2, 1] == BLUE).all()
    filled = pictures[..., 3].any((2, 3))
    assert np.argwhere(filled).tolist() == [[0, 0], [2, 0], [2, 1]]


def test_a_tile_has_three_rows_and_the_strongest_first() -> None:
    pictures = np.arange(1, 10, dtype=np.uint8)[:, None, None, None].repeat(6, 1).repeat(6, 2).repeat(4, 3)
    drawn = tile(pictures)
    step = 6 + GAP
    assert tile(pictures[:4])[::step, ::step, 0].tolist() == [[1, 2], [3, 4]]
    assert tile(pictures[:1]).shape == (6, 6, 4)
    assert drawn.shape == (3 * step - GAP, 3 * step - GAP, 4)
    assert drawn[::step, ::step, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert (drawn[6:step] == 0).all()


@pytest.mark.parametrize(("num_channels", "side"), [(1, 296), (40, 296), (256, 232), (1280, 96)])
def test_a_poster_of_more_channels_has_smaller_tiles(num_channels: int, side: int) -> None:
    layout = poster_layout(num_channels, 296)
    assert layout.tile == (side, side)
    assert max(layout.size) <= 4200


def test_a_poster_shows_each_channel_at_its_place() -> None:
    pictures = np.zeros((5, 9, 20, 20, 4), np.uint8)
    pictures[3] = RED
    drawn = poster(pictures)
    layout = poster_layout(5, tile(pictures[0]).shape[0])
    assert (drawn.shape[1], drawn.shape[0]) == layout.size
    x, y = layout.corner(3)
    assert (drawn[y : y + 20, x : x + 20] == RED).all()
    x, y = layout.corner(2)
    assert (drawn[y : y + layout.tile[1], x : x + layout.tile[0]] == 0).all()
    assert drawn[y + layout.tile[1] : y + layout.tile[1] + CAPTION, x : x + 20, 3].max() > 0


def test_samples_are_found_by_name(tmp_path: Path) -> None:
    _halves().save(tmp_path / "a.png")
    image_of = by_sample_id(photos_below(tmp_path))
    assert image_of("a.png").size == (40, 20)
    with pytest.raises(ImageError, match=r"'photos' on this machine has no sample 'b\.png'"):
        image_of("b.png")


def _ring(picture: np.ndarray, grey: int) -> np.ndarray:
    """The pixels (n, 2) that are quite another grey, by x and y of their middles."""
    differ = np.abs(picture[..., 0].astype(int) - grey) > 100
    return np.argwhere(differ & (picture[..., 3] == 255))[:, ::-1] + 0.5


@pytest.mark.parametrize("grey", [0, 255], ids=["on dark", "on light"])
@pytest.mark.parametrize(("x", "y"), [(200.0, 100.0), (61.25, 70.5), (330.0, 140.0)])
def test_a_ring_is_around_the_centre_of_the_cell_and_seen_on_any_image(x: float, y: float, grey: int) -> None:
    """400 x 200 in a square of 140 pixels is 140 x 70, with 35 above: a scale of 0.35."""
    image, window = Image.new("RGB", (400, 200), (grey,) * 3), Window(0, 0, 400, 200)
    example = replace(_example(0, 0, "a", window), x=x, y=y)
    expected = (x * 0.35, 35 + y * 0.35)
    assert in_patch(image.size, example, 140) == pytest.approx(expected)
    bare = patch(image, window, 140)
    drawn = ringed(bare, image.size, example)
    # Of its two colours that which the image does not have.
    ring = _ring(drawn, grey)
    assert len(ring) > 40
    middle = (ring.min(0) + ring.max(0)) / 2
    assert middle == pytest.approx(expected, abs=0.6)
    distances = np.hypot(*(ring - expected).T)
    assert distances.min() > 6
    assert distances.max() < 14
    changed = (drawn != bare).any(2)
    around = np.hypot(*np.meshgrid(np.arange(140) + 0.5 - expected[0], np.arange(140) + 0.5 - expected[1]))
    assert not changed[around > 15].any()
    assert not changed[around < 5].any()


def test_a_ring_in_a_part_of_an_image_counts_from_the_edge_of_the_part() -> None:
    """A window that hangs over the image is cut at its edges: 80 x 80 pixels of it are left."""
    image, window = Image.new("RGB", (200, 100)), Window(-20, -40, 80, 80)
    example = replace(_example(0, 0, "a", window), x=20, y=60)
    assert in_patch(image.size, example, 40) == pytest.approx((10, 30))
    assert _ring(ringed(patch(image, window, 40), image.size, example), 0).mean(0) == pytest.approx(
        (10, 30), abs=0.3
    )


def test_what_has_no_picture_has_no_ring() -> None:
    outside = _example(0, 0, "a", Window(40, 0, 50, 20))
    assert not ringed(patch(_halves(), outside.window, 40), (40, 20), outside).any()


@pytest.mark.parametrize(
    ("field", "cells", "expected"),
    [
        ((63, 63), (28, 28), plain),
        ((112, 112), (14, 14), plain),
        ((113, 113), (14, 14), ringed),
        ((224, 100), (14, 14), plain),
        ((224, 224), (7, 7), ringed),
        ((224, 224), (1, 7), ringed),
        ((224, 224), (1, 1), plain),
    ],
)
def test_rings_are_drawn_where_a_patch_is_most_of_the_image(
    field: tuple[int, int], cells: tuple[int, int], expected: object
) -> None:
    assert drawing(LayerSize(40, cells, field), (224, 224)) is expected


def test_examples_of_the_same_part_each_have_their_own_ring() -> None:
    window = Window(0, 0, 40, 20)
    first, other = (replace(_example(0, rank, "a", window), x=10 + 20 * rank, y=10) for rank in (0, 1))
    (pictures,) = patches([[first, other]], lambda _: _halves(), 40, ringed)
    bare = patch(_halves(), window, 40)
    for rank, example in enumerate((first, other)):
        np.testing.assert_array_equal(pictures[rank], ringed(bare, (40, 20), example))
    assert (pictures[0] != pictures[1]).any()


def test_all_patches_of_a_channel_are_drawn_in_the_same_way() -> None:
    example = replace(_example(0, 4, "a", Window(0, 0, 40, 20)), x=10, y=5)
    (pictures,) = patches([[example]], lambda _: _halves(), 40, ringed)
    bare = patch(_halves(), example.window, 40)
    np.testing.assert_array_equal(pictures[4], ringed(bare, (40, 20), example))
    assert (pictures[4] != bare).any()


@pytest.mark.parametrize(
    ("num_images", "expected"), [(1, 1), (2, 1), (3, 4), (5, 4), (6, 4), (7, 9), (9, 9), (5000, 9)]
)
def test_tiles_of_few_images_are_squares_that_are_mostly_full(num_images: int, expected: int) -> None:
    assert in_square(num_images) == expected


@pytest.mark.parametrize(("num", "side"), [(9, 40), (4, 62), (1, 128)])
def test_tiles_have_one_size_however_many_they_show(num: int, side: int) -> None:
    """Three patches of 40 and two gaps of 4 are 128, and so are two of 62 and one gap."""
    channels = [[_example(0, rank, "a", Window(0, 0, 15, 15)) for rank in range(9)], []]
    drawn = tiles(channels, lambda _: _halves(), 128, plain, num)
    assert drawn.shape == (2, 128, 128, 3)
    assert (drawn[0, :side, :side] == RED[:3]).all()
    assert (drawn[1] == 128).all()


@pytest.mark.parametrize(
    ("num_channels", "num", "patch_side"),
    [
        (4, 9, 96),
        (4, 4, 146),
        pytest.param(400, 9, 58, marks=pytest.mark.slow),
        pytest.param(400, 1, 182, marks=pytest.mark.slow),
    ],
)
def test_a_poster_as_a_file_has_patches_as_large_as_it_shows_them(
    num_channels: int, num: int, patch_side: int
) -> None:
    asked: list[int] = []

    def draw(picture: np.ndarray, _size: tuple[int, int], _example: Example) -> np.ndarray:
        asked.append(len(picture))
        return np.full_like(picture, RED)

    channels = [[_example(channel, 0, "a", Window(0, 0, 1, 1))] for channel in range(num_channels)]
    with Image.open(io.BytesIO(poster_png(channels, lambda _: _halves(), draw, num))) as drawn:
        assert drawn.size == poster_layout(num_channels, 3 * 96 + 2 * GAP).size
        assert drawn.getpixel((5, 5)) == RED
    assert asked == [patch_side] * num_channels
