"""Shares by depth, as a line of points to click.

Lighter than a chart of Plotly, which a browser takes a second to load before it draws anything else.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pages._ui.kit.components import web

_DEPTH = web.component("depth")


@dataclass(frozen=True, slots=True)
class Point:
    """A share from 0 to 1 of something, such as a layer, what the pointer reads, and whether it is chosen."""

    id: str
    share: float
    meaning: str
    selected: bool


def draw(points: Sequence[Point], *, label: str, key: str, on_pick: Callable[[str], None]) -> None:
    """Draw shares one after the other as a line; ``on_pick`` gets the id of the point that was clicked."""
    _DEPTH(
        key=key,
        data={"points": [asdict(point) for point in points], "label": label},
        on_picked_change=partial(web.hear, key, [point.id for point in points], on_pick),
    )
