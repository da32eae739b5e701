"""A photo to draw on: a rectangle, a stroke of a brush, or a point."""

from collections.abc import Callable

from core.images.edits.drawn import BRUSH
from pages._ui.kit.components import web
from pages._ui.session import values
from pages._ui.session.question.photos import Drawn

_PAINTER = web.component("painter", "room")
_HINTS = {
    "rectangle": "Draw a rectangle. With keys: arrows move, Enter marks a corner.",
    "brush": "Paint over a part. With keys: arrows move, Enter paints a dot.",
    "object": "Click an object. With keys: arrows move, Enter clicks.",
}


def draw(
    photo: Drawn, tool: str, *, alt: str, key: str, on_line: Callable[[list[tuple[float, float]]], None]
) -> None:
    """Draw the photo; ``on_line`` gets the points (x, y), from 0 to 1, of a line drawn with a tool."""

    def outlined() -> None:
        points = values.outline(key)
        if points:
            on_line(points)

    height, width = photo.picture.shape[:2]
    _PAINTER(
        key=key,
        data={
            "photo": web.data_uri(photo.jpeg),
            "ratio": f"{width} / {height}",
            "tool": tool,
            "radius": BRUSH,
            "alt": alt,
            "label": f"Photo to edit with the tool {tool}",
            "hint": _HINTS[tool],
        },
        on_outline_change=outlined,
    )
