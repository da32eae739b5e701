"""A photo with a map over it: the browser blends the two; pointer or arrow keys read a cell of the map."""

from dataclasses import dataclass

from core.arrays import FloatArray
from core.images.preprocess import Window
from pages._ui.kit.components import scales, web
from pages._ui.kit.components.scales import Scale
from pages._ui.session import values
from pages._ui.session.question.photos import TINY_SIDE, Drawn

OPACITY = 0.75
_VIEWER = web.component("viewer", "room")


@dataclass(frozen=True, slots=True, eq=False)
class Layered:
    """A photo, a map over it (a PNG file), its values (h, w), and the part the network saw, in shares."""

    photo: Drawn
    heat: bytes
    cells: FloatArray
    seen: Window


def draw(layered: Layered, scale: Scale, *, view: str, alt: str, below: int | None = None) -> float:
    """Draw a photo with its map over it, and give the opacity, from 0 to 1, that was set in the browser.

    With ``below`` the photo is so small that this many pixels are left below it in the window.
    """
    photo, seen = layered.photo, layered.seen
    rows, columns = layered.cells.shape
    height, width = photo.picture.shape[:2]
    result = _VIEWER(
        key="viewer",
        data={
            "photo": web.data_uri(photo.jpeg),
            "heat": web.data_uri(layered.heat, "png"),
            "ratio": f"{width} / {height}",
            "tiny": max(photo.size) <= TINY_SIDE,
            "cells": [float(f"{value:.4g}") for value in layered.cells.ravel()],
            "shape": [rows, columns],
            "window": [seen.left, seen.top, seen.right, seen.bottom],
            "view": view,
            "alt": alt,
            "opacity": OPACITY,
            "low": scale.low,
            "high": scale.high,
            "unit": scale.unit,
            "hint": "Hover or press arrow keys to read a cell",
            "ramp": scales.ramp(scale.colormap),
            "below": below,
        },
        default={"opacity": OPACITY},
        on_opacity_change=_nothing,
    )
    return values.share(result.opacity, OPACITY)


def _nothing() -> None:
    """Streamlit reports a state back only where it has a callback."""
