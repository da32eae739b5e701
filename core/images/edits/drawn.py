"""Edits from lines that a user draws on a photo, whose points are shares of its width and height."""

from collections.abc import Sequence

from core.images.edits.fills import Fill
from core.images.edits.parts import Brush, Part, Rectangle, WholeObject

DRAWN_TOOLS = ("rectangle", "brush", "object")
BRUSH = 0.05  # The brush's radius, as a share of the shorter side.


def edit_of(
    tool: str, points: Sequence[tuple[float, float]], size: tuple[int, int], fill: Fill
) -> Part | None:
    """The edit that a line with one of `DRAWN_TOOLS` stands for; None for a rectangle without any pixel.

    Args:
        tool: a rectangle spans the first and the last point; an object is at the last one.
        points: (x, y), from 0 to 1; others are moved to the photo's edge.
        size: width and height of the photo in pixels.
        fill: what takes the place of the part.
    """
    width, height = size
    places = [(min(max(x, 0), 1) * width, min(max(y, 0), 1) * height) for x, y in points]
    if tool == "brush":
        return Brush(tuple(places), BRUSH * min(size), fill)
    if tool == "object":
        x, y = places[-1]
        return WholeObject(point=(min(x, width - 0.5), min(y, height - 0.5)), fill=fill)
    across, down = zip(places[0], places[-1], strict=True)
    left, right, top, bottom = (round(each) for each in (*sorted(across), *sorted(down)))
    return Rectangle((left, top, right, bottom), fill) if right > left and bottom > top else None
