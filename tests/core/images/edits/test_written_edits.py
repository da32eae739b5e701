"""Edits as JSON: the same edits come back, and a mistake is named."""

import json
from pathlib import Path

import pytest

from core.errors import EditError
from core.images.edits import MOST_EDITS, Edit
from core.images.edits.changes import Adjustment, Crop, Flip, Move, Paste
from core.images.edits.fills import Noise, OtherPhoto
from core.images.edits.parts import Brush, Polygon, Rectangle, WholeObject
from core.images.edits.written import TOOLS, as_json, parsed, read

EDITS: tuple[Edit, ...] = (
    Rectangle((40, 30, 200, 160)),
    Brush(((1.5, 2), (3, 4)), 5, "inpainting", outside=True),
    Polygon(((0, 0), (5, 0), (0, 5)), Noise(7)),
    WholeObject(point=(3, 4)),
    WholeObject(box=(1, 2, 3, 4), fill=OtherPhoto("sea.jpg")),
    Adjustment("light", 0.5),
    Move((3, -4)),
    Flip("flip"),
    Crop((0, 0, 9, 9)),
    Paste("sea.jpg", (0, 0, 5, 5), (1, 1)),
)


def test_written_edits_are_read_as_the_same_edits() -> None:
    assert parsed(json.dumps(as_json(EDITS))) == EDITS


def test_default_values_are_not_written() -> None:
    assert as_json(EDITS[:1]) == [{"tool": "rectangle", "box": [40, 30, 200, 160]}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a JSON list of edits"),
        ("{}", "expected a JSON list of at most 1,000 edits"),
        ("[1]", "edit 1 is 1: expected an object with a tool"),
        ("[{}]", f"edit 1: it names no tool; there is {', '.join(TOOLS)}"),
        ('[{"tool": "lasso"}]', "edit 1: no tool 'lasso'; there is rectangle, brush"),
        ('[{"tool": "flip"}, {"tool": "rectangle"}]', "edit 2: it lacks 'box'"),
        ('[{"tool": "rectangle", "box": [5, 0, 5, 9]}]', r"box \[5, 0, 5, 9\] is empty"),
        ('[{"tool": "rectangle", "box": [0, 0, 5, 9], "fill": "sand"}]', "edit 1: this fill is unknown"),
        ('[{"tool": "rectangle", "box": [0, 0, 5, 9], "fil": "blur"}]', "an unknown key 'fil'"),
        ('[{"tool": "light", "value": 9}]', "edit 1: light: 9 is beyond 0 to 4 times as bright"),
        ('[{"tool": "light", "value": NaN}]', "edit 1: value is nan: expected a finite number"),
        ('[{"tool": "object"}]', "expected either a point on the object or a box around it"),
        (json.dumps([{"tool": "flip"}] * (MOST_EDITS + 1)), "at most 1,000 edits"),
    ],
)
def test_a_mistake_is_named(content: str, message: str) -> None:
    with pytest.raises(EditError, match=message):
        parsed(content)


def test_a_file_without_edits_is_named(tmp_path: Path) -> None:
    (tmp_path / "edits.json").write_text("[1]")
    with pytest.raises(EditError, match=r"edits\.json: edit 1 is 1"):
        read(tmp_path / "edits.json")
    with pytest.raises(EditError, match=r"absent\.json"):
        read(tmp_path / "absent.json")
