"""Values of widgets, checked: only Streamlit's own browser code sends nothing but what a page offers."""

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

import streamlit as st

_MOST_CORNERS = 1_000


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


def picked_row(key: str, number: int) -> int | None:
    """The clicked one of so many rows of a component; None for any other value."""
    picked = _picked(key)
    return picked if type(picked) is int and 0 <= picked < number else None


def outline(key: str) -> list[tuple[float, float]]:
    """The corners (x, y) of the line that was drawn in a component; empty for any other value."""
    drawn = getattr(st.session_state[key], "outline", None)
    if not isinstance(drawn, Sequence) or not 0 < len(drawn) <= _MOST_CORNERS:
        return []
    if not all(isinstance(each, Sequence) and [*map(_is_number, each)] == [True, True] for each in drawn):
        return []
    return [(float(x), float(y)) for x, y in drawn]


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and isfinite(value)  # type: ignore[arg-type]


def _picked(key: str) -> object:
    return getattr(st.session_state[key], "picked", None)
