"""Pictures to click in a box that scrolls, to walk with the arrow keys, Home and End."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

from pages._ui.kit.components import web
from pages._ui.kit.components.tiles import Tile

_BOX = web.component("tile_box", "focus", "room", "tile_button")


def draw(
    items: Sequence[Tile],
    *,
    label: str,
    key: str,
    on_pick: Callable[[str], None],
    side: int,
    below: int = 30,
) -> None:
    """Draw pictures in rows, ``side`` pixels wide at least; ``on_pick`` gets the id that was opened.

    The box ends ``below`` pixels above the lower edge of the window.
    """
    _BOX(
        key=key,
        data={"items": [asdict(item) for item in items], "label": label, "side": side, "below": below},
        on_picked_change=partial(web.hear, key, [item.id for item in items], on_pick),
    )
