"""The figure of the map: a point for each sample, or the density of very many, and the drawn area."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.arrays import FloatArray, IntArray
from core.evaluation.feature_space.areas import Area
from core.mistakes.feature_space.data_map import OTHERS, Amounts, Categories, density
from pages._ui import words
from pages._ui.kit import figures

CONFIG = {"displayModeBar": False, "scrollZoom": True}
MOST_POINTS = 100_000
_MOST_PLAIN = 5_000
_MOST_NAMED = 20_000  # Points that say in words what they are.
_HEIGHT, _MARGIN = 470, 0.03
_COLOURS = {"right": figures.RIGHT, "wrong": figures.WRONG, OTHERS: figures.QUIET}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A figure, and for each of its traces the rows of its points; none where only the density is drawn."""

    figure: go.Figure
    rows: list[IntArray]


def of_points(points: FloatArray, colouring: Categories | Amounts, texts: Sequence[str]) -> Drawn:
    """A point for each sample, in the colour of its category or number; ``texts`` (N,) say what each is."""
    figure = go.Figure()
    rows = _rows(len(points), colouring)
    for number, of_trace in enumerate(rows):
        names = None
        if len(points) <= _MOST_NAMED:
            names = [words.in_chart(texts[row]) for row in of_trace.tolist()]
        figure.add_trace(
            _kind(len(points))(
                x=points[of_trace, 0],
                y=points[of_trace, 1],
                mode="markers",
                text=names,
                hovertemplate="%{text}<extra></extra>" if names else None,
                hoverinfo=None if names else "skip",
                selected={"marker": {"opacity": 0.8}},
                unselected={"marker": {"opacity": 0.8}},
                **_look(colouring, number, of_trace, len(points)),
            )
        )
    return Drawn(_laid_out(figure, points), rows)


def of_density(points: FloatArray) -> Drawn:
    """The number of samples in each small square."""
    counts = density(points)
    centres = (np.arange(len(counts)) + 0.5) / len(counts)
    figure = go.Figure()
    figure.add_heatmap(
        x=centres,
        y=centres,
        z=np.where(counts, np.log10(np.maximum(counts, 1)), np.nan),
        customdata=counts,
        hovertemplate="%{customdata:,} samples<extra></extra>",
        colorscale="Viridis",
        showscale=False,
    )
    # A heat map alone takes no lasso.
    rows, columns = np.nonzero(counts)
    figure.add_scattergl(
        x=centres[columns],
        y=centres[rows],
        mode="markers",
        marker={"opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hoverinfo="skip",
        showlegend=False,
    )
    return Drawn(_laid_out(figure, points), [])


def add_area(figure: go.Figure, area: Area) -> None:
    """Draw the outline of an area."""
    (x, y), *others = area.on_unit_square()
    path = f"M {x} {y} " + " ".join(f"L {x} {y}" for x, y in others) + " Z"
    figure.add_shape(type="path", path=path, line={"color": figures.QUIET, "width": 2, "dash": "dot"})


def _kind(num_points: int) -> Any:  # noqa: ANN401 (Plotly has no types)
    """The kind of trace: many points need WebGL, which not every browser has."""
    return go.Scatter if num_points <= _MOST_PLAIN else go.Scattergl


def _rows(number: int, colouring: Categories | Amounts) -> list[IntArray]:
    if isinstance(colouring, Amounts):
        return [np.arange(number)]
    return [np.flatnonzero(colouring.idx == category) for category in range(len(colouring.names))]


def _look(colouring: Categories | Amounts, number: int, rows: IntArray, num_points: int) -> dict[str, Any]:
    """Name and marker of a trace; colours that are not given are those of the theme."""
    size = max(3, min(8, round(150 / num_points**0.33)))
    if isinstance(colouring, Amounts):
        bar = {"thickness": 10, "len": 0.8, "outlinewidth": 0}
        shade = {"color": colouring.values[rows], "colorscale": "Viridis", "showscale": True, "colorbar": bar}
        return {"showlegend": False, "marker": {"size": size, **shade}}
    name = colouring.names[number]
    marker = {"size": size} | ({"color": _COLOURS[name]} if name in _COLOURS else {})
    return {"name": words.in_chart(f"{words.shortened(name)} ({len(rows):,})"), "marker": marker}


def _laid_out(figure: go.Figure, points: FloatArray) -> go.Figure:
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        dragmode="lasso",
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemsizing": "constant"},
    )
    low, high = points.min(0) - _MARGIN, points.max(0) + _MARGIN
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(range=[low[0], high[0]], **hidden)
    figure.update_yaxes(range=[low[1], high[1]], **hidden)
    return figure
