"""Values of widgets, read as what they should be: only the browser's own code keeps to what a page offers."""

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

import streamlit as st


def text(value: object) -> str:
    """What was typed; empty for anything else."""
    return value if isinstance(value, str) else ""


def typed(key: str) -> str:
    """What was typed into the field ``key``, without spaces around it."""
    return text(st.session_state.get(key)).strip()


def choice(value: object, options: Collection[str]) -> str:
    """One of the options, the first of them for anything else."""
    return value if isinstance(value, str) and value in options else next(iter(options))


def class_idx(value: object, names: Sequence[str]) -> int | None:
    """The class that was chosen or typed, in any case where that is clear; None where there is none."""
    if not isinstance(value, str):
        return None
    if value in names:
        return names.index(value)
    wanted = value.strip().casefold()
    alike = [index for index, name in enumerate(names) if name.casefold() == wanted]
    return alike[0] if len(alike) == 1 else None


def share(value: object, otherwise: float) -> float:
    """A number from 0 to 1."""
    is_number = isinstance(value, int | float) and isfinite(value)
    return min(1.0, max(0.0, float(value))) if is_number else otherwise  # type: ignore[arg-type]


def picked_id(key: str, known: Collection[str]) -> str | None:
    """Which of the known ids was clicked in a component; None if it is none of them."""
    picked = _picked(key)
    return picked if isinstance(picked, str) and picked in known else None


def picked_cell(key: str, num_rows: int, num_columns: int) -> tuple[int, int] | None:
    """Row and column that were clicked in a component, -1 for the label of a line; None if not there."""
    picked = _picked(key)
    if not isinstance(picked, Sequence) or [type(each) for each in picked] != [int, int]:
        return None
    row, column = picked
    return (row, column) if -1 <= row < num_rows and -1 <= column < num_columns else None


def picked_channel(key: str, num_channels: Mapping[str, int]) -> tuple[str, int | None] | None:
    """A layer of ``num_channels`` and a channel that were clicked; None for the layer as a whole."""
    picked = _picked(key)
    if not isinstance(picked, Sequence) or len(picked) != 2 or not isinstance(picked[0], str):
        return None
    layer, channel = picked
    is_there = type(channel) is int and 0 <= channel < num_channels.get(layer, 0)
    return (layer, channel) if is_there or (channel is None and layer in num_channels) else None


def row(key: str, number: int) -> int | None:
    """The row that is selected in a table of so many, or whose cell is; None if there is none."""
    selection = st.session_state[key].selection
    found = [*selection.rows, *(cell[0] for cell in selection.cells)]
    return found[0] if found and type(found[0]) is int and 0 <= found[0] < number else None


def _picked(key: str) -> object:
    return getattr(st.session_state[key], "picked", None)
