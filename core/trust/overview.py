"""A report as a grid of methods and layers, and the photos behind one of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.trust.map_rows import CURVES, ORDERS
from core.trust.pairs import MethodAtLayer
from core.trust.report import PairEvidence, TrustReport

_COPIED = (
    *("sample_id", "class_idx", "probability", "score", "centre_score", "edges_score"),
    *("random_spread", "verdict", "is_empty"),
)


@dataclass(frozen=True, slots=True)
class TrustGrid:
    """The tested pairs as a grid: methods as rows, layers as columns in the order in which they run.

    A cell is None where the method does not fit the layer.
    """

    methods: tuple[str, ...]
    layers: tuple[str, ...]
    cells: tuple[tuple[PairEvidence | None, ...], ...]


@dataclass(frozen=True, slots=True)
class MeanCurves:
    """The class's probability at each share of hidden or shown patches: means over the ways of hiding."""

    deletion: tuple[float, ...]
    insertion: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MapOfPhoto:
    """The map of one photo by one pair: class, scores, verdict and curves.

    ``curves`` are by order of the patches: ``map``, ``random``, ``centre`` and ``edges``.
    """

    sample_id: str
    class_idx: int
    probability: float
    score: float
    centre_score: float
    edges_score: float
    random_spread: float
    verdict: str
    is_empty: bool
    shares: tuple[float, ...]
    curves: dict[str, MeanCurves]


def grid(report: TrustReport) -> TrustGrid:
    """The grid of a report's pairs."""
    cells = {(each.method, each.layer): each for each in report.pairs}
    methods = tuple(dict.fromkeys(each.method for each in report.pairs))
    # A method that fits few layers tells nothing about the order of the others.
    by_method = ([each.layer for each in report.pairs if each.method == method] for method in methods)
    layers = tuple(dict.fromkeys(layer for row in sorted(by_method, key=len, reverse=True) for layer in row))
    rows = tuple(tuple(cells.get((method, layer)) for layer in layers) for method in methods)
    return TrustGrid(methods, layers, rows)


def best(table: pa.Table, pair: MethodAtLayer, num: int) -> list[MapOfPhoto]:
    """The photos with the highest scores of a pair, the highest first."""
    return _maps(_by_score(table, pair)[::-1][:num])


def worst(table: pa.Table, pair: MethodAtLayer, num: int) -> list[MapOfPhoto]:
    """The photos with the lowest scores of a pair, the lowest first."""
    return _maps(_by_score(table, pair)[:num])


def typical(table: pa.Table, pair: MethodAtLayer, num: int) -> list[MapOfPhoto]:
    """The photos whose scores are nearest to the pair's median, the nearest first."""
    rows = _by_score(table, pair)
    scores = np.array([row["score"] for row in rows])
    nearest = np.abs(scores - np.median(scores)).argsort(kind="stable") if len(rows) else []
    return _maps([rows[place] for place in nearest[:num]])


def _by_score(table: pa.Table, pair: MethodAtLayer) -> list[dict[str, Any]]:
    """The rows of a pair, the lowest score first; equal ones by name."""
    is_of = pc.and_(pc.equal(table["method"], pair.method), pc.equal(table["layer"], pair.layer))
    rows: list[dict[str, Any]] = (
        table.filter(is_of).sort_by([("score", "ascending"), ("sample_id", "ascending")]).to_pylist()
    )
    return rows


def _maps(rows: Sequence[dict[str, Any]]) -> list[MapOfPhoto]:
    return [
        MapOfPhoto(
            **{name: row[name] for name in _COPIED},
            shares=tuple(row["shares"]),
            curves={name: _curves(row, prefix) for name, prefix in ORDERS.items()},
        )
        for row in rows
    ]


def _curves(row: dict[str, Any], prefix: str) -> MeanCurves:
    return MeanCurves(*(tuple(row[f"{prefix}{curve}"]) for curve in CURVES))
