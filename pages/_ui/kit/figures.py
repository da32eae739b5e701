"""Figures of the quality of predictions: ROC, precision and recall, reliability, confidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.evaluation.metrics import CalibrationBins, ConfidenceHistogram
from core.evaluation.ranking.curves import PrecisionRecallCurve, RocCurve
from core.evaluation.ranking.threshold import AtThreshold
from core.explanation.trust import Line

CONFIG = {"displayModeBar": False}
# Readable in the light and the dark theme.
RIGHT, WRONG, QUIET = "#0f9488", "#e8590c", "#8794a3"
GRID = "rgba(128, 140, 155, 0.22)"
_HEIGHT = 330
_GROUPS = {"Believable": RIGHT, "Weak": "#d9a514", "No better than noise": WRONG}
_UNNAMED: dict[str, object] = {
    "mode": "lines",
    "fillcolor": "rgba(232, 89, 12, 0.12)",
    "hoverinfo": "skip",
    "showlegend": False,
}


@dataclass(frozen=True, slots=True)
class Point:
    """A named point of a scatter plot."""

    name: str
    x: float
    y: float


def roc(curve: RocCurve, now: AtThreshold) -> go.Figure:
    """True against false positive rate, with a dot at the threshold."""
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": QUIET, "dash": "dot", "width": 1.5})
    _add_curve(figure, curve.false_positive_rate, curve.true_positive_rate, curve.thresholds)
    _add_dot(figure, now.false_positive_rate, now.recall)
    return _square(figure, "False positive rate", "True positive rate (recall)")


def precision_recall(curve: PrecisionRecallCurve, now: AtThreshold) -> go.Figure:
    """Precision against recall, with a dot at the threshold; dotted: precision if all were positive.

    Where nothing is predicted positive, precision is undefined and there is no dot.
    """
    figure = go.Figure()
    base = now.share_positive
    figure.add_scatter(
        x=[0, 1], y=[base, base], mode="lines", line={"color": QUIET, "dash": "dot", "width": 1.5}
    )
    _add_curve(figure, curve.recall, curve.precision, curve.thresholds)
    _add_dot(figure, now.recall, now.precision)
    return _square(figure, "Recall", "Precision")


def reliability(bins: CalibrationBins) -> go.Figure:
    """Accuracy by probability, in bars; on the dotted line, accuracy equals probability."""
    figure = go.Figure()
    figure.add_bar(
        x=bins.centres,
        y=bins.accuracy,
        marker={"color": RIGHT, "line": {"width": 0}},
        customdata=np.stack([bins.count, bins.confidence], 1).tolist(),
        text=[f"{count:,}" if count else "" for count in bins.count.tolist()],
        textposition="outside",
        textfont={"size": 10, "color": QUIET},
        cliponaxis=False,
        hovertemplate="probability %{customdata[1]:.1%}, %{y:.1%} of %{customdata[0]:,} right<extra></extra>",
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": QUIET, "dash": "dot", "width": 2})
    figure.update_layout(bargap=0.06)
    return _square(figure, "Predicted probability", "Accuracy")


def counts_by_confidence(histogram: ConfidenceHistogram) -> go.Figure:
    """Right and wrong predictions at each probability, as counts."""
    figure = go.Figure()
    for name, counts, colour in (("Right", histogram.right, RIGHT), ("Wrong", histogram.wrong, WRONG)):
        figure.add_bar(
            x=histogram.centres,
            y=counts,
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate=f"%{{y:,}} {name.lower()} at %{{x:.0%}}<extra></extra>",
        )
    _square(figure, "Predicted probability", "Samples")
    figure.update_layout(
        barmode="stack",
        bargap=0.06,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_yaxes(autorange=True, rangemode="tozero", tickformat=",d")
    return figure


def trust(lines: Sequence[Line], title: str) -> go.Figure:
    """The probability of a class while more and more of a photo is hidden, or shown, in several orders."""
    figure = go.Figure()
    looks = {
        "map": ("This map", {"color": RIGHT, "width": 3}),
        "centre": ("Blob in the centre", {"color": QUIET, "width": 1.5, "dash": "dash"}),
        "edges": ("Edges of the photo", {"color": QUIET, "width": 1.5, "dash": "dot"}),
        "random": ("Random places", {"color": WRONG, "width": 1.5}),
    }
    for line in reversed(lines):
        name, look = looks[line.order]
        if line.lowest != line.highest:
            figure.add_scatter(x=line.shares, y=line.lowest, line={"width": 0}, **_UNNAMED)
            figure.add_scatter(x=line.shares, y=line.highest, line={"width": 0}, fill="tonexty", **_UNNAMED)
        figure.add_scatter(
            x=line.shares,
            y=line.mean,
            name=name,
            mode="lines",
            line=look,
            hovertemplate=f"{name}: %{{y:.0%}} at %{{x:.0%}}<extra></extra>",
        )
    _square(figure, title, "Probability of the class")
    figure.update_layout(
        height=300,
        margin={"t": 8},
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.28, "yanchor": "top", "traceorder": "reversed"},
    )
    return figure


def scatter(points: Mapping[str, Sequence[Point]], x_title: str, y_title: str) -> go.Figure:
    """Named points in groups, each with its colour."""
    figure = go.Figure()
    for group, of_group in points.items():
        figure.add_scatter(
            x=[each.x for each in of_group],
            y=[each.y for each in of_group],
            mode="markers",
            name=group,
            marker={"size": 11, "color": _GROUPS.get(group, QUIET), "line": {"width": 1, "color": "white"}},
            customdata=[each.name for each in of_group],
            hovertemplate=f"%{{customdata}}: {x_title} %{{x:.2f}}, {y_title} %{{y:.2f}}<extra></extra>",
        )
    _square(figure, x_title, y_title)
    figure.update_layout(showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(tickformat=".1f", range=None, autorange=True)
    figure.update_yaxes(tickformat=".1f", range=None, autorange=True)
    return figure


def sanity(names: Sequence[str], correlations: Sequence[float]) -> go.Figure:
    """Rank correlation of a map with the trained network's, as more and more stages become random."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(names),
        y=list(correlations),
        mode="lines+markers",
        line={"color": RIGHT, "width": 2.5},
        marker={"size": 8},
        hovertemplate="%{x}: %{y:.2f}<extra></extra>",
    )
    figure.update_layout(
        height=125, margin={"l": 0, "r": 12, "t": 8, "b": 0}, dragmode=False, showlegend=False
    )
    figure.update_xaxes(
        title="Random from the head down to", fixedrange=True, showgrid=False, type="category"
    )
    figure.update_yaxes(range=[-0.55, 1.1], fixedrange=True, gridcolor=GRID, zerolinecolor=QUIET, dtick=0.5)
    return figure


def _add_curve(figure: go.Figure, x: np.ndarray, y: np.ndarray, thresholds: np.ndarray) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": RIGHT, "width": 2.5},
        customdata=np.nan_to_num(thresholds, posinf=1.0).tolist(),
        hovertemplate="%{x:.1%}, %{y:.1%} at threshold %{customdata:.2f}<extra></extra>",
    )


def _add_dot(figure: go.Figure, x: float, y: float) -> None:
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"size": 14, "color": WRONG, "line": {"width": 2, "color": "white"}},
        cliponaxis=False,
        hoverinfo="skip",
    )


def _square(figure: go.Figure, x_title: str, y_title: str) -> go.Figure:
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 12, "t": 34, "b": 0},
        dragmode=False,
        showlegend=False,
        hovermode="closest",
    )
    figure.update_xaxes(
        title=x_title, range=[-0.01, 1.01], tickformat=".0%", fixedrange=True, showgrid=False, zeroline=False
    )
    figure.update_yaxes(
        title=y_title, range=[-0.01, 1.03], tickformat=".0%", fixedrange=True, gridcolor=GRID, zeroline=False
    )
    return figure
