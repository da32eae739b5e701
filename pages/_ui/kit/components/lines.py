"""A list of lines to click, each with a bar."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pages._ui.kit.components import web

_LINES = web.component("lines")


@dataclass(frozen=True, slots=True)
class Line:
    """A line to click: its text, and a count that is also the length of its bar.

    ``written`` stands in the place of the count; the bar of a ``good`` line is teal.
    """

    id: str
    text: str
    count: int
    selected: bool = False
    written: str = ""
    good: bool = False


def draw(
    items: Sequence[Line], *, label: str, key: str, on_pick: Callable[[str], None], most: str = "19rem"
) -> None:
    """Draw a list with bars, ``most`` high at most; ``on_pick`` gets the id of the line that was clicked."""
    _LINES(
        key=key,
        data={"items": [asdict(item) for item in items], "label": label, "most": most},
        on_picked_change=partial(web.hear, key, [item.id for item in items], on_pick),
    )
