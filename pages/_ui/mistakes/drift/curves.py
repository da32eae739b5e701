"""The curves of a stress test: accuracy at each step of each kind, of all samples and of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages._ui import words
from pages._ui.kit.figures import GRID, QUIET, RIGHT, WRONG

COLOURS = (WRONG, "#6366f1", "#ca8a04", "#db2777", "#0284c7")  # Of chosen classes.
_THIN = "rgba(128, 140, 155, 0.45)"
_ACROSS = 4
_MOST_THIN = 30  # Classes.


def figure(report: Mapping[str, Any], classes: Sequence[str] = ()) -> go.Figure:
    """A small plot for each kind; dotted is the accuracy of the photos as they are.

    A thick line is of all samples, a thin one of each class: ``classes`` have a colour and a name, the others
    show how far classes differ, if they are at most 30. The data of a point are its kind and the number of
    its step.
    """
    kinds = report["kinds"]
    drawn = make_subplots(
        -(-len(kinds) // _ACROSS), _ACROSS, subplot_titles=list(kinds), shared_yaxes=True,
        vertical_spacing=0.2, horizontal_spacing=0.03,
    )  # fmt: skip
    for place, (kind, content) in enumerate(kinds.items()):
        for curve in _curves(kind, content, classes):
            is_named = place == 0 and "name" in curve
            drawn.add_scatter(**curve, row=1 + place // _ACROSS, col=1 + place % _ACROSS, showlegend=is_named)
    drawn.add_hline(y=report["accuracy"], line={"color": QUIET, "dash": "dot", "width": 1.5})
    drawn.update_yaxes(range=[0, 1.04], tickformat=".0%", gridcolor=GRID, fixedrange=True)
    drawn.update_xaxes(type="category", fixedrange=True, showgrid=False)
    drawn.update_annotations(font_size=13)
    # A click chooses a step; it shall not fade the others.
    drawn.update_traces(selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}})
    legend = {"orientation": "h", "x": 0, "y": 1.1, "yanchor": "bottom"}
    return drawn.update_layout(
        height=380, margin={"l": 0, "r": 8, "t": 60, "b": 0}, legend=legend, hovermode="closest"
    )


def _curves(kind: str, content: Mapping[str, Any], classes: Sequence[str]) -> list[dict[str, object]]:
    """The curves of a kind, the most important at last, which lies above the others."""
    steps, unit = content["steps"], content["unit"]
    known = [name for name in steps[0]["per_class"] if name not in classes]
    thin = known if len(known) <= _MOST_THIN else []
    curves = [
        _curve(kind, unit, name, [each["per_class"][name] for each in steps], colour)
        for name, colour in [*((name, "") for name in thin), *zip(classes, COLOURS, strict=False)]
        if name in steps[0]["per_class"]
    ]
    whole = _curve(kind, unit, "all samples", [each["accuracy"] for each in steps], RIGHT)
    interval = {
        "symmetric": False,
        "array": [each["high"] - each["accuracy"] for each in steps],
        "arrayminus": [each["accuracy"] - each["low"] for each in steps],
        "thickness": 1,
    }
    values = [f"{each['value']:g}" for each in steps]
    thick = {"error_y": interval, "line": {"color": RIGHT, "width": 3}, "marker": {"size": 8}}
    return [each | {"x": values} for each in [*curves, whole | thick]]


def _curve(kind: str, unit: str, name: str, accuracies: Sequence[float], colour: str) -> dict[str, object]:
    """A curve without its values on the x axis; without a colour it is a thin grey line without a name."""
    shown = words.readable(words.shortened(name))
    curve: dict[str, object] = {
        "y": list(accuracies),
        "customdata": [[kind, number] for number in range(len(accuracies))],
        "hovertemplate": f"{shown}: %{{y:.0%}} at %{{x}} {unit}<extra></extra>",
        "mode": "lines",
        "line": {"color": _THIN, "width": 1},
    }
    if not colour:
        return curve
    return curve | {
        "name": shown, "legendgroup": name, "mode": "lines+markers",
        "marker": {"size": 6}, "line": {"color": colour, "width": 1.5},
    }  # fmt: skip
