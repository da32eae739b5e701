"""Edited photos: what a tool marks changes as its fill says, and nothing else changes."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.errors import EditError
from core.images.edits import Edit, edited
from core.images.edits.changes import ADJUSTMENTS, Adjustment, Crop, Flip, Move, Paste
from core.images.edits.fills import Fill, Noise, OtherPhoto
from core.images.edits.parts import Brush, Polygon, Rectangle, WholeObject
from core.images.sample_photos import sample

BOX = (40, 30, 200, 160)
FILLS: tuple[Fill, ...] = ("blur", "mean colour", "inpainting", "noise", Noise(3), OtherPhoto("coffee.png"))


def _sample(name: str) -> Image.Image:
    return Image.open(io.BytesIO(sample(name))).convert("RGB")


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A cat, 451 x 300."""
    return _sample("chelsea.png")


def _pixels(photo: Image.Image, *edits: Edit) -> NDArray[np.int64]:
    return np.asarray(edited(photo, edits, _sample), np.int64)


def _in_box(photo: Image.Image) -> NDArray[np.bool_]:
    inside = np.zeros((photo.height, photo.width), bool)
    inside[30:160, 40:200] = True
    return inside


@pytest.mark.parametrize("fill", FILLS, ids=str)
def test_a_rectangle_changes_the_photo_inside_only(photo: Image.Image, fill: Fill) -> None:
    before, after, inside = _pixels(photo), _pixels(photo, Rectangle(BOX, fill)), _in_box(photo)
    np.testing.assert_array_equal(after[~inside], before[~inside])
    assert np.abs(after - before)[inside].mean() > 5


def test_outside_hides_all_but_the_rectangle(photo: Image.Image) -> None:
    before, inside = _pixels(photo), _in_box(photo)
    after = _pixels(photo, Rectangle(BOX, "mean colour", outside=True))
    np.testing.assert_array_equal(after[inside], before[inside])
    np.testing.assert_array_equal(np.unique(after[~inside], axis=0), [before.mean((0, 1)).round()])


def test_inpainting_does_not_look_into_the_hole(photo: Image.Image) -> None:
    """Whatever lies there, the same surroundings are continued."""
    other = photo.copy()
    other.paste((255, 0, 0), BOX)
    np.testing.assert_array_equal(
        _pixels(photo, Rectangle(BOX, "inpainting")), _pixels(other, Rectangle(BOX, "inpainting"))
    )


def test_noise_depends_on_its_seed_only(photo: Image.Image) -> None:
    first, again, other = (_pixels(photo, Rectangle(BOX, Noise(seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_another_photo_shows_at_the_same_place(photo: Image.Image) -> None:
    after, other = _pixels(photo, Rectangle(BOX, OtherPhoto("coffee.png"))), _sample("coffee.png")
    np.testing.assert_array_equal(
        after[_in_box(photo)], np.asarray(ImageOps.fit(other, photo.size))[_in_box(photo)]
    )


def test_a_brush_marks_what_is_within_its_radius_of_the_line(photo: Image.Image) -> None:
    marked = Brush(((100.5, 80.5), (200.5, 80.5)), radius=10).marked(photo)
    rows, columns = np.indices(marked.shape)
    beside = np.hypot(rows - 80, columns - columns.clip(100, 200))
    np.testing.assert_array_equal(marked, beside <= 10)


def test_a_dot_of_the_brush_is_a_disc(photo: Image.Image) -> None:
    assert Brush(((100.5, 80.5),), radius=10).marked(photo).sum() == pytest.approx(np.pi * 100, rel=0.02)


def test_a_polygon_marks_its_area(photo: Image.Image) -> None:
    marked = Polygon(((10.5, 10.5), (110.5, 10.5), (10.5, 110.5))).marked(photo)
    assert marked.sum() == pytest.approx(101 * 102 / 2, abs=2)
    assert marked[12, 12]
    assert not marked[100, 100]


@pytest.mark.parametrize("where", [{"point": (75.0, 60.0)}, {"box": (30, 20, 120, 100)}], ids=str)
def test_the_object_at_a_place_is_found_by_its_colour(where: dict[str, tuple[float, ...]]) -> None:
    values = np.random.default_rng(0).integers(0, 60, (120, 150, 3), np.uint8)
    inside = np.hypot(*(np.indices((120, 150)) - np.array([60, 75])[:, None, None])) < 30
    values[inside, 0] += 190
    marked = WholeObject(**where).marked(Image.fromarray(values))  # type: ignore[arg-type]
    assert (marked & inside).sum() / (marked | inside).sum() > 0.95


@pytest.mark.parametrize("tool", ADJUSTMENTS)
def test_an_adjustment_of_nothing_leaves_the_photo_bit_equal(photo: Image.Image, tool: str) -> None:
    nothing = Adjustment(tool, ADJUSTMENTS[tool].none)  # type: ignore[arg-type]
    np.testing.assert_array_equal(_pixels(photo, nothing), _pixels(photo))


def test_light_scales_each_pixel(photo: Image.Image) -> None:
    halved = _pixels(photo) * 0.5
    np.testing.assert_allclose(_pixels(photo, Adjustment("light", 0.5)), halved, atol=1)


def test_a_photo_moves_by_whole_pixels(photo: Image.Image) -> None:
    moved, before = _pixels(photo, Move((20, -10))), _pixels(photo)
    np.testing.assert_array_equal(moved[:-10, 20:], before[10:, :-20])
    np.testing.assert_array_equal(
        np.unique(moved[-10:].reshape(-1, 3), axis=0), [before.mean((0, 1)).round()]
    )


def test_two_flips_are_none(photo: Image.Image) -> None:
    np.testing.assert_array_equal(_pixels(photo, Flip("flip"), Flip("flip")), _pixels(photo))


def test_later_edits_count_from_the_corner_of_a_crop(photo: Image.Image) -> None:
    cropped = _pixels(photo, Crop((100, 50, 300, 250)), Rectangle((0, 0, 10, 10), "mean colour"))
    assert cropped.shape == (200, 200, 3)
    assert (cropped != _pixels(photo)[50:250, 100:300]).any(2).sum() == pytest.approx(100, abs=1)


def test_a_pasted_patch_is_that_of_the_other_photo(photo: Image.Image) -> None:
    after, other = _pixels(photo, Paste("coffee.png", BOX, (5, 7))), _pixels(_sample("coffee.png"))
    np.testing.assert_array_equal(after[7:137, 5:165], other[30:160, 40:200])
    np.testing.assert_array_equal(after[137:], _pixels(photo)[137:])


def test_an_edit_that_misses_the_photo_is_named(photo: Image.Image) -> None:
    far = Rectangle((1_000, 0, 1_100, 50))
    with pytest.raises(EditError, match=r"^edit 2: this rectangle misses the photo of 451 × 300 pixels$"):
        edited(photo, [Rectangle(BOX), far])
    with pytest.raises(EditError, match=r"^edit 1: box \[500, 0, 600, 50\] misses the photo"):
        edited(photo, [Crop((500, 0, 600, 50))])


def test_without_other_photos_none_is_read(photo: Image.Image) -> None:
    with pytest.raises(EditError, match="edit 1: there is no photo 'coffee\\.png' here"):
        edited(photo, [Paste("coffee.png", BOX, (0, 0))])
