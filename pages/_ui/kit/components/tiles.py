"""Pictures to click, in a row."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

from pages._ui.kit.components import web

_TILES = web.component("tiles", "tile_button")


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture to click: its data URI, its lines of text, and whether it is the chosen one.

    ``detail`` may have several lines.
    """

    id: str
    picture: str
    caption: str
    detail: str = ""
    selected: bool = False
    note: str = ""


def row(
    items: Sequence[Tile],
    *,
    label: str,
    key: str,
    on_pick: Callable[[str], None],
    side: int = 104,
    width: int | Literal["stretch"] = "stretch",
) -> None:
    """Draw a row of pictures, ``side`` pixels wide at most; ``on_pick`` gets the id that was clicked."""
    _TILES(
        key=key,
        data={"items": [asdict(item) for item in items], "label": label, "side": side},
        width=width,
        on_picked_change=partial(web.hear, key, [item.id for item in items], on_pick),
    )
