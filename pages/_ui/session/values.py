"""Values of widgets, checked: only Streamlit's own browser code sends nothing but what a page offers."""

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

import streamlit as st


def text(value: object) -> str:
    """The typed text; empty for any other value."""
    return value if isinstance(value, str) else ""


def typed(key: str) -> str:
    """What was typed into the field ``key``, without spaces around it."""
    return text(st.session_state.get(key)).strip()


def choice(value: object, options: Collection[str]) -> str:
    """One of the options; the first of them for any other value."""
    return value if isinstance(value, str) and value in options else next(iter(options))


def class_idx(value: object, names: Sequence[str]) -> int | None:
    """The chosen or typed class, in upper or lower case if only one fits; None where there is none."""
    if not isinstance(value, str):
        return None
    if value in names:
        return names.index(value)
    typed = value.strip().casefold()
    alike = [index for index, name in enumerate(names) if name.casefold() == typed]
    return alike[0] if len(alike) == 1 else None


def share(value: object, otherwise: float) -> float:
    """A number from 0 to 1."""
    is_number = isinstance(value, int | float) and isfinite(value)
    return min(1.0, max(0.0, float(value))) if is_number else otherwise  # type: ignore[arg-type]


def picked_id(key: str, known: Collection[str]) -> str | None:
    """The known id that was clicked in a component; None for any other value."""
    picked = _picked(key)
    return picked if isinstance(picked, str) and picked in known else None


def picked_cell(key: str, num_rows: int, num_columns: int) -> tuple[int, int] | None:
    """The clicked row and column of a component, -1 for the label of a line; None for any other value."""
    picked = _picked(key)
    if not isinstance(picked, Sequence) or [type(each) for each in picked] != [int, int]:
        return None
    row, column = picked
    return (row, column) if -1 <= row < num_rows and -1 <= column < num_columns else None


def picked_channel(key: str, num_channels: Mapping[str, int]) -> tuple[str, int | None] | None:
    """The clicked layer of ``num_channels`` and its channel, None for the layer as a whole."""
    picked = _picked(key)
    if not isinstance(picked, Sequence) or len(picked) != 2 or not isinstance(picked[0], str):
        return None
    layer, channel = picked
    is_there = type(channel) is int and 0 <= channel < num_channels.get(layer, 0)
    return (layer, channel) if is_there or (channel is None and layer in num_channels) else None


def row(key: str, number: int) -> int | None:
    """The selected row of a table of ``number`` rows, or that of the selected cell; None without one."""
    selection = st.session_state[key].selection
    rows = [*selection.rows, *(cell[0] for cell in selection.cells)]
    return rows[0] if rows and type(rows[0]) is int and 0 <= rows[0] < number else None


def drawn_outline(key: str) -> tuple[list[float], list[float]] | None:
    """The corners (x, y) of the area that was drawn in a chart, by a lasso or a box; None without one."""
    selection = st.session_state[key].selection
    for x, y in ((shape["x"], shape["y"]) for shape in selection.lasso):
        return list(x), list(y)
    for (left, right), (low, high) in ((shape["x"], shape["y"]) for shape in selection.box):
        return [left, right, right, left], [low, low, high, high]
    return None


def clicked_point(key: str, num_points: Sequence[int]) -> tuple[int, int] | None:
    """The number of a trace, of ``num_points`` each, and of the only point in it that was clicked."""
    points = st.session_state[key].selection.points
    if len(points) != 1:
        return None
    trace, point = points[0]["curve_number"], points[0]["point_index"]
    is_there = type(trace) is int and 0 <= trace < len(num_points) and type(point) is int
    return (trace, point) if is_there and 0 <= point < num_points[trace] else None


def _picked(key: str) -> object:
    return getattr(st.session_state[key], "picked", None)
