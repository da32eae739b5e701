"""What the page needs to know about the open view."""

from collections.abc import Callable
from dataclasses import dataclass


def _nothing() -> None:
    """There is nothing left to do."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenView:
    """A view that has been drawn: the layer and the channel that the overview marks, and what is still slow.

    ``fill`` adds what takes longer than a moment. ``go_on`` comes last: it may draw the page again.
    """

    layer: str
    channel: int | None = None
    fill: Callable[[], None] = _nothing
    go_on: Callable[[], None] = _nothing
