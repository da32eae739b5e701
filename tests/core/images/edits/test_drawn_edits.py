"""Lines on a photo as edits, in its pixels."""

import pytest

from core.images.edits.drawn import BRUSH, edit_of
from core.images.edits.parts import Brush, Rectangle, WholeObject

SIZE = (400, 200)
LINE = [(0.5, 0.75), (0.9, 0.1), (0.25, 0.5)]


def test_a_rectangle_spans_the_first_and_the_last_point() -> None:
    assert edit_of("rectangle", LINE, SIZE, "noise") == Rectangle((100, 100, 200, 150), "noise")


def test_a_click_is_no_rectangle() -> None:
    assert edit_of("rectangle", LINE[:1], SIZE, "blur") is None


def test_a_stroke_keeps_its_points_and_ends_at_the_edge() -> None:
    stroke = edit_of("brush", [(0.5, 0.75), (1.5, -1)], SIZE, "blur")
    assert stroke == Brush(((200, 150), (400, 0)), BRUSH * 200)


def test_an_object_is_at_the_last_point_on_the_photo() -> None:
    assert edit_of("object", LINE, SIZE, "blur") == WholeObject(point=(100, 100))
    assert edit_of("object", [(2, 2)], SIZE, "blur") == WholeObject(point=(399.5, 199.5))


@pytest.mark.parametrize("tool", ["rectangle", "brush"])
def test_an_edit_has_its_fill(tool: str) -> None:
    edit = edit_of(tool, LINE, SIZE, "inpainting")
    assert edit is not None
    assert edit.fill == "inpainting"
