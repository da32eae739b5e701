"""The colours of the map of the data: picked by the user, as a palette or a scale."""

from dataclasses import replace

from streamlit.delta_generator import DeltaGenerator

from core.drawing import render
from core.mistakes.feature_space import data_map
from core.mistakes.feature_space.data_map import Amounts, Categories
from core.mistakes.feature_space.density import Cells
from core.mistakes.results import Results
from core.shares import three_digits
from pages._ui import words
from pages._ui.kit.components.scatter import Colours
from pages._ui.mistakes.state import maps
from pages._ui.session import values

_COLOUR = "colour"
_RIGHT, _WRONG, _UNKNOWN = "#0f9488", "#e8590c", "#8794a3"
# Readable in the light and the dark theme.
_PALETTE = (
    "#0f9488", "#e8590c", "#6366f1", "#ca8a04", "#db2777",
    "#0284c7", "#65a30d", "#9333ea", "#b45309", "#22b8cf", _UNKNOWN,
)  # fmt: skip
_SCALE = [f"rgb({red},{green},{blue})" for red, green, blue in render.palette("viridis")[:255].tolist()]


def pick(results: Results, head: DeltaGenerator) -> Categories | Amounts:
    """The category or the number of each sample, by what is chosen."""
    known = maps.properties(results)
    names = data_map.colourings(known)
    chosen = head.selectbox(
        "Colour by", names, key=_COLOUR, bind="query-params", persist_state="session",
        format_func=lambda name: words.readable(name.replace("_", " ").capitalize()),
        label_visibility="collapsed", width=200,
    )  # fmt: skip
    return data_map.colouring(results, known, values.choice(chosen, names))


def of_samples(colouring: Categories | Amounts) -> Colours:
    """The colours of a colouring: a palette for categories, a scale for numbers."""
    if isinstance(colouring, Categories):
        own = {"right": _RIGHT, "wrong": _WRONG, data_map.OTHERS: _UNKNOWN}
        palette = [own.get(name, colour) for name, colour in zip(colouring.names, _PALETTE, strict=False)]
        return Colours(
            palette, colouring.idx, [words.readable(words.shortened(name)) for name in colouring.names]
        )
    return Colours(
        [*_SCALE, _UNKNOWN],
        colouring.shades,
        low=three_digits(colouring.low),
        high=three_digits(colouring.high),
    )


def of_cells(cells: Cells, whole: Categories | Amounts) -> Colours:
    """The colours of cells, with the numbers or the names of the samples' own colouring."""
    colours = of_samples(cells.colouring)
    if isinstance(whole, Amounts):
        return colours
    names = [words.readable(words.shortened(name)) for name in whole.names]
    if isinstance(cells.colouring, Amounts):  # The share of the second of two.
        return replace(colours, low=f"all {names[0]}", high=f"all {names[1]}")
    return replace(colours, sizes=whole.sizes())
