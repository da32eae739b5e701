"""Components that the browser draws itself: no build, no iframe, colours of the theme."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import isnan
from pathlib import Path
from typing import Literal

import streamlit as st

from core.drawing.render import palette
from core.images.preprocess import FloatArray, Window
from core.predictions.top_k import Prediction
from pages._ui.session import values
from pages._ui.session.photos import TINY_SIDE, Drawn

_MOST_FUZZY = 2_000  # Names.
_WEB = Path(__file__).parent
_RAMP_STOPS = 17
OPACITY = 0.75


def web(name: str) -> str:
    """A file of the folder ``web``: what a component consists of."""
    return (_WEB / name).read_text(encoding="utf-8")


_VIEWER = st.components.v2.component(
    "seewhy_viewer", html=web("viewer.html"), css=web("viewer.css"), js=web("viewer.js")
)
_TILES = st.components.v2.component(
    "seewhy_tiles", html='<div class="tiles" role="group"></div>', css=web("tiles.css"), js=web("tiles.js")
)
_LINES = st.components.v2.component(
    "seewhy_lines", html=web("lines.html"), css=web("lines.css"), js=web("lines.js")
)
_BARS = st.components.v2.component(
    "seewhy_bars", html=web("bars.html"), css=web("bars.css"), js=web("bars.js")
)

_DEPTH = st.components.v2.component(
    "seewhy_depth", html=web("depth.html"), css=web("depth.css"), js=web("depth.js")
)


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


@dataclass(frozen=True, slots=True)
class Point:
    """A share from 0 to 1 of something, such as a layer, what the pointer reads, and whether it is chosen."""

    id: str
    share: float
    meaning: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list to click: its text, and a count that is also the length of its bar.

    ``written`` stands in the place of the count; the bar of a ``good`` line is teal.
    """

    id: str
    text: str
    count: int
    selected: bool = False
    written: str = ""
    good: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """What the colours mean: the palette's name, its two ends in words, and the unit of the values."""

    colour_map: str
    low: str
    high: str
    unit: str


def data_uri(content: bytes, kind: str = "jpeg") -> str:
    """A picture file as an address that needs no request."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def ramp(colour_map: str) -> list[str]:
    """The colours of a palette from end to end, as the browser writes them."""
    colours = palette(colour_map)
    stops = colours[:: len(colours) // (_RAMP_STOPS - 1)].tolist()
    return [f"rgb({red} {green} {blue})" for red, green, blue in stops]


@dataclass(frozen=True, slots=True, eq=False)
class Layered:
    """A photo, a map over it (a PNG file), its values (h, w), and what was seen, in shares."""

    photo: Drawn
    heat: bytes
    cells: FloatArray
    seen: Window


def viewer(layered: Layered, scale: Scale, *, view: str, alt: str) -> float:
    """Draw a photo with its map over it, and give the opacity, from 0 to 1, that was set in the browser."""
    photo, seen = layered.photo, layered.seen
    rows, columns = layered.cells.shape
    height, width = photo.picture.shape[:2]
    result = _VIEWER(
        key="viewer",
        data={
            "photo": data_uri(photo.jpeg),
            "heat": data_uri(layered.heat, "png"),
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
            "hint": "Point at the photo to read a cell",
            "ramp": ramp(scale.colour_map),
        },
        default={"opacity": OPACITY},
        on_opacity_change=_nothing,
    )
    return values.share(result.opacity, OPACITY)


def tiles(
    items: Sequence[Tile],
    *,
    label: str,
    key: str,
    on_pick: Callable[[str], None],
    side: int = 104,
    width: int | Literal["stretch"] = "stretch",
) -> None:
    """Draw a row of pictures, ``side`` pixels wide at most; ``on_pick`` hears the id that was clicked."""
    _TILES(
        key=key,
        data={"items": [asdict(item) for item in items], "label": label, "side": side, "layout": "row"},
        width=width,
        on_picked_change=partial(_hear, key, items, on_pick),
    )


def tile_grid(
    items: Sequence[Tile], *, label: str, key: str, on_pick: Callable[[str], None], side: int
) -> None:
    """Draw pictures in rows, whole, ``side`` pixels wide at least; ``on_pick`` hears the id clicked."""
    _TILES(
        key=key,
        data={"items": [asdict(item) for item in items], "label": label, "side": side, "layout": "grid"},
        on_picked_change=partial(_hear, key, items, on_pick),
    )


def lines(items: Sequence[Line], *, label: str, key: str, on_pick: Callable[[str], None]) -> None:
    """Draw a list with bars; ``on_pick`` hears the id of the line that was clicked."""
    _LINES(
        key=key,
        data={"items": [asdict(item) for item in items], "label": label},
        on_picked_change=partial(_hear, key, items, on_pick),
    )


def depth(points: Sequence[Point], *, label: str, key: str, on_pick: Callable[[str], None]) -> None:
    """Draw shares one after the other as a line; ``on_pick`` hears the id of the point that was clicked.

    Lighter than a chart of Plotly, which a browser takes a second to load before it draws anything else.
    """
    _DEPTH(
        key=key,
        data={"points": [asdict(point) for point in points], "label": label},
        on_picked_change=partial(_hear, key, points, on_pick),
    )


def search_in(class_names: Sequence[str]) -> Literal["fuzzy", "contains"]:
    """How a picker searches while somebody types: near matches among many thousand names take too long."""
    return "fuzzy" if len(class_names) <= _MOST_FUZZY else "contains"


def segmented(
    label: str,
    labels: dict[str, str],
    *,
    key: str,
    label_visibility: Literal["visible", "collapsed"] = "visible",
    on_change: Callable[[], None] = lambda: None,
) -> str:
    """One of a few values, shown by their labels, the first unless another is chosen; in the address."""
    chosen = st.segmented_control(
        label,
        list(labels),
        # The same in every run: it is what the browser's Back shows where the address says nothing.
        default=next(iter(labels)),
        required=True,
        format_func=labels.__getitem__,
        key=key,
        bind="query-params",
        persist_state="session",
        label_visibility=label_visibility,
        on_change=on_change,
    )
    return values.choice(chosen, labels)


def bars(
    predictions: Sequence[Prediction], *, selected: int, against: int | None, on_pick: Callable[[str], None]
) -> None:
    """Draw classes, their probabilities, and logits unless NaN; ``on_pick`` hears the name clicked."""
    items = [
        {
            "name": each.class_name,
            "probability": f"{each.probability:.1%}",
            "logit": "" if isnan(each.logit) else f"{each.logit:+.2f}".replace("-", "−"),
            "width": f"{each.probability:.2%}",
            "selected": each.class_idx == selected,
            "against": each.class_idx == against,
        }
        for each in predictions
    ]
    _BARS(
        key="top",
        data={"items": items},
        on_picked_change=partial(_hear_name, [each.class_name for each in predictions], on_pick),
    )


def _hear(
    key: str, items: Sequence[Tile] | Sequence[Line] | Sequence[Point], on_pick: Callable[[str], None]
) -> None:
    """Tell which of these was clicked; what is none of them does not come from a page."""
    picked = values.picked_id(key, [item.id for item in items])
    if picked is not None:
        on_pick(picked)


def _hear_name(names: Sequence[str], on_pick: Callable[[str], None]) -> None:
    picked = values.picked_id("top", names)
    if picked is not None:
        on_pick(picked)


def _nothing() -> None:
    """A state without a callback is not reported back."""
