"""Behind a cell of the table: the photos of a pair of method and layer, and their mean curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.explanation.trust import Line
from core.trust.pairs import MethodAtLayer

_ORDERS = {"map": "", "centre": "centre_", "edges": "edges_", "random": "random_"}


@dataclass(frozen=True, slots=True)
class PhotoScore:
    """A photo: the class that was explained and its probability, the map's score and verdict."""

    sample_id: str
    class_idx: int
    probability: float
    score: float
    verdict: str


def of_pair(table: pa.Table, pair: MethodAtLayer) -> pa.Table:
    """The rows of a pair, the highest score first."""
    rows = table.filter(pc.and_(pc.equal(table["method"], pair.method), pc.equal(table["layer"], pair.layer)))
    return rows.sort_by([("score", "descending"), ("sample_id", "ascending")])


def notable(rows: pa.Table, number: int) -> dict[str, list[PhotoScore]]:
    """Up to ``number`` photos each with the best, a typical and the worst score, from rows of `of_pair`.

    Typical are those around the median. No photo occurs twice.
    """
    number = min(number, len(rows) // 3) or 1
    middle = max(number, (len(rows) - number) // 2)
    parts = {"best": 0, "typical": middle, "worst": max(middle + number, len(rows) - number)}
    return {name: _photos(rows.slice(start, number)) for name, start in parts.items()}


def mean_lines(rows: pa.Table, *, showing: bool) -> list[Line]:
    """The mean curves over all photos of a pair: of its maps, of the centre, the edges and random places."""
    kind = "insertion_curve" if showing else "deletion_curve"
    shares = rows["shares"][0].as_py()
    return [_line(order, shares, rows[f"{prefix}{kind}"].to_pylist()) for order, prefix in _ORDERS.items()]


def _line(order: str, shares: list[float], curves: Sequence[Sequence[float]]) -> Line:
    mean: list[float] = np.asarray(curves, np.float64).mean(0).tolist()
    return Line(order, shares, mean, mean, mean)


def _photos(rows: pa.Table) -> list[PhotoScore]:
    columns = ("sample_id", "class_idx", "probability", "score", "verdict")
    return [PhotoScore(**row) for row in rows.select(columns).to_pylist()]
