"""Four piles of samples in a square, to click."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pages._ui.kit.components import web

_PILES = web.component("piles")


@dataclass(frozen=True, slots=True)
class Pile:
    """A pile to click: its name, meaning and count; ``tone`` is ``fixed``, ``broken`` or ``same``."""

    id: str
    name: str
    meaning: str
    count: str
    tone: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Square:
    """Four piles: rows say whether the first is right, columns whether the second is."""

    first: str
    second: str
    piles: Sequence[Pile]


def draw(square: Square, *, label: str, key: str, on_pick: Callable[[str], None]) -> None:
    """Draw four piles; ``on_pick`` gets the id of the one that was clicked."""
    _PILES(
        key=key,
        data=asdict(square) | {"label": label},
        on_picked_change=partial(web.hear, key, [pile.id for pile in square.piles], on_pick),
    )
