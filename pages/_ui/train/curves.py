"""Charts of a training: its two curves, and the images of each class."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.data.survey.class_counts import ClassCounts
from pages._ui import words

CONFIG = {"displayModeBar": False}
# Readable in the light and the dark theme.
_TRAIN, _VAL = "#8794a3", "#0f9488"
_GRID = "rgba(128, 140, 155, 0.22)"
_FEW = 30  # Epochs up to which each one gets a dot.
_ROW, _EDGES, _LEAST = 21, 50, 200  # Pixels.


def curve(history: pd.DataFrame, measure: str, *, epochs: int, best: int | None) -> go.Figure:
    """``loss`` or ``accuracy`` by epoch, training and validation, the best epoch marked."""
    figure = go.Figure()
    as_share = measure == "accuracy"
    for side, name, colour in (("train", "Training", _TRAIN), ("val", "Validation", _VAL)):
        if f"{side}_{measure}" not in history:
            continue
        figure.add_scatter(
            x=history["epoch"],
            y=history[f"{side}_{measure}"],
            name=name,
            mode="lines+markers" if len(history) <= _FEW else "lines",
            line={"color": colour, "width": 2.5 if side == "val" else 2},
            marker={"size": 5},
            hovertemplate="%{y:.1%}" if as_share else "%{y:.4f}",
        )
    if best is not None and f"val_{measure}" in history:
        _mark(figure, history, f"val_{measure}", best, text="{:.1%}" if as_share else "{:.3f}")
    _style(figure)
    figure.update_xaxes(title="Epoch", range=[0.5, max(2, epochs) + 0.5], tickformat="d", dtick=_tick(epochs))
    figure.update_yaxes(tickformat=".0%" if as_share else None, rangemode="normal" if as_share else "tozero")
    return figure


def class_bars(counts: ClassCounts) -> go.Figure:
    """Training and validation images of each class, side by side on one bar."""
    names, train, val = list(counts.names), list(counts.train), list(counts.val)
    if counts.num_left_out:
        half = len(names) // 2
        for values, gap in ((names, f"… {counts.num_left_out:,} more …"), (train, None), (val, None)):
            values.insert(half, gap)  # type: ignore[arg-type]
    figure = go.Figure()
    for title, values, colour in (("Training", train, _VAL), ("Validation", val, _TRAIN)):
        figure.add_bar(
            y=list(range(len(names))),  # Not the labels: two that are alike would be one bar.
            x=values,
            name=title,
            orientation="h",
            marker={"color": colour, "line": {"width": 0}},
            customdata=[words.in_chart(name) for name in names],
            hovertemplate="%{customdata}: %{x:,}",
        )
    _style(figure)
    # With less height than that, Plotly lays the legend over the bars of two classes.
    height = max(_LEAST, _ROW * len(names) + _EDGES)
    figure.update_layout(barmode="stack", bargap=0.25, height=height, hovermode="closest")
    labels = [words.in_chart(words.shortened(name)) for name in names]
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=labels, ticksuffix=" ")
    figure.update_yaxes(range=[len(names) - 0.5, -0.5], showgrid=False)
    figure.update_xaxes(showgrid=True, gridcolor=_GRID, nticks=5)
    return figure


def _mark(figure: go.Figure, history: pd.DataFrame, column: str, best: int, *, text: str) -> None:
    """A ring around the best epoch, with its value."""
    values: Any = history.loc[history["epoch"] == best, column]
    if values.empty:
        return
    value = float(values.iloc[0])
    figure.add_scatter(
        x=[best],
        y=[value],
        mode="markers",
        name="Best epoch",
        marker={"size": 13, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": _VAL}},
        hoverinfo="skip",
        cliponaxis=False,
    )
    figure.add_annotation(
        x=best,
        y=value,
        text=f"<b>{text.format(value)}</b>",
        showarrow=False,
        yshift=18,
        font={"color": _VAL, "size": 13},
    )


def _style(figure: go.Figure) -> None:
    figure.update_layout(
        height=250,
        margin={"l": 0, "r": 8, "t": 34, "b": 0},
        dragmode=False,
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(fixedrange=True, showgrid=False, zeroline=False)
    figure.update_yaxes(fixedrange=True, gridcolor=_GRID, zeroline=False, nticks=6)


def _tick(epochs: int) -> int:
    """Epochs between two ticks: about ten ticks, at round numbers."""
    return next((step for step in (1, 2, 5, 10, 20, 50) if epochs <= 12 * step), 100)
