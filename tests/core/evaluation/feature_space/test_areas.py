"""Areas of a map: which points are inside, and as text in an address."""

import numpy as np
import pytest

from core.evaluation.feature_space.areas import Area, area_of, on_unit_square, read

SQUARE = Area(((200, 200), (800, 200), (800, 800), (200, 800)))


def test_points_inside_a_polygon_are_those_that_surround_it() -> None:
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 50), np.linspace(0, 1, 50)), -1).reshape(-1, 2)
    expected = ((grid > 200 / 999) & (grid < 800 / 999)).all(1)
    assert SQUARE.contains(grid.astype(np.float32)).tolist() == expected.tolist()


def test_a_notch_is_outside() -> None:
    notched = Area(((0, 0), (999, 0), (999, 999), (500, 500), (0, 999)))
    points = np.array([[0.5, 0.4], [0.5, 0.6], [0.1, 0.8], [0.9, 0.8]], np.float32)
    assert notched.contains(points).tolist() == [True, False, True, True]


def test_an_area_comes_back_from_its_address() -> None:
    assert str(SQUARE) == "200-200_800-200_800-800_200-800"
    assert read(str(SQUARE)) == SQUARE


@pytest.mark.parametrize("text", ["", "1-2_3-4", "1-2_3-4_5", "1-2_3-4_5-9999", "1-2" + "_3-4" * 40])
def test_other_texts_name_no_area(text: str) -> None:
    assert read(text) is None


def test_a_drawn_line_keeps_forty_corners_and_needs_three() -> None:
    angles = np.linspace(0, 2 * np.pi, 500)
    circle = area_of((0.5 + 0.4 * np.cos(angles)).tolist(), (0.5 + 0.4 * np.sin(angles)).tolist())
    assert circle is not None
    assert len(circle.corners) == 40
    assert circle.contains(np.array([[0.5, 0.5], [0.05, 0.05]], np.float32)).tolist() == [True, False]
    assert area_of([0.1, 0.1, 0.1], [0.2, 0.2, 0.2]) is None
    assert area_of([], []) is None


def test_a_map_fills_its_longer_side_and_keeps_its_shape() -> None:
    points = on_unit_square(np.array([[-4, 1], [4, 3]], np.float32))
    assert points.tolist() == [[0, 0.375], [1, 0.625]]
    assert on_unit_square(np.ones((2, 2), np.float32)).tolist() == [[0.5, 0.5]] * 2
