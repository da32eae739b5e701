"""Pictures with maps beside each other, on one scale, read at the same place by pointer or arrow keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.arrays import FloatArray
from core.drawing.render import SIGNED, Picture, jpeg
from core.images.preprocess import Window
from pages._ui.kit.components import scales, web
from pages._ui.kit.components.scales import Scale

_PANES = web.component("panes", "room")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The values (h, w) under a picture, the part that was seen, in shares, and their name in a reading."""

    values: FloatArray
    seen: Window
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Pane:
    """A picture with a title and a line below it; with ``cells`` it can be read."""

    picture: Picture
    title: str
    detail: str = ""
    cells: Cells | None = None


_HINT = "Hover or press arrow keys to read the same place in every map"


def draw(
    panes: Sequence[Pane],
    scale: Scale | None,
    *,
    key: str,
    scroll_to: str = "",
    hint: str = _HINT,
    below: int | None = None,
) -> None:
    """Draw pictures; where ``scroll_to`` is another than before, the page goes to its top to show them.

    With ``below`` they are so small that they end that many pixels above the lower edge of the window.
    """
    _PANES(
        key=key,
        data={
            "items": [_item(pane) for pane in panes],
            "scale": scale and _scale(scale),
            "hint": hint,
            "scroll_to": scroll_to,
            "below": below,
        },
    )


def _item(pane: Pane) -> dict[str, object]:
    item: dict[str, object] = {
        "picture": web.data_uri(jpeg(pane.picture)),
        "alt": pane.title,
        "title": pane.title,
        "detail": pane.detail,
    }
    if pane.cells is None:
        return item
    seen, values = pane.cells.seen, pane.cells.values
    return item | {
        "short": pane.cells.name,
        "cells": [float(f"{value:.4g}") for value in values.ravel()],
        "shape": list(values.shape),
        "window": [seen.left, seen.top, seen.right, seen.bottom],
    }


def _scale(scale: Scale) -> dict[str, object]:
    return {
        "low": scale.low,
        "high": scale.high,
        "unit": scale.unit,
        "ramp": scales.ramp(scale.colormap),
    }


def signed_scale(top: float, unit: str) -> Scale:
    """For and against, up to ``top`` in either direction."""
    return Scale(SIGNED, f"against −{top:.2g}", f"+{top:.2g} for", unit)
