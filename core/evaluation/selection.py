"""Which samples of a predictions table are meant, in what order, and a page at a time."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.arrays import IntArray
from core.evaluation.metrics import column, is_right

OUTCOMES = ("all", "wrong", "right")
Range = tuple[float, float]
_ANY: Range = (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """What a sample must be: its true and its predicted class (None: any), and in which ranges, with ends.

    ``probability`` is that of the predicted class, ``margin`` its distance to the next, ``loss`` in nats.
    """

    label: int | None = None
    predicted: int | None = None
    outcome: str = "all"
    probability: Range = _ANY
    loss: Range = _ANY
    margin: Range = _ANY

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"no outcome {self.outcome!r}; there is {', '.join(OUTCOMES)}")


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: what it is, and what the network took it for; ``top5`` are class, probability, best first."""

    sample_id: str
    path: str
    split: str
    label: int
    predicted: int
    p_label: float
    p_predicted: float
    loss: float
    margin: float
    top5: tuple[tuple[int, float], ...]

    @property
    def is_right(self) -> bool:
        """Whether the prediction is the label."""
        return self.label == self.predicted


_COLUMNS = [*(name for name in Sample.__dataclass_fields__ if name != "top5"), "top5", "top5_probability"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a row stands among those selected: from 1 to ``total``, and the rows beside it."""

    number: int
    total: int
    before: int | None
    after: int | None


def selected(table: pa.Table, wanted: SampleFilter, order: str) -> IntArray:
    """The rows (n,) that are wanted, in one of `ORDERS`; equal ones as they are stored."""
    rows = np.flatnonzero(_matches(table, wanted))
    return rows[np.argsort(ORDERS[order](table)[rows], kind="stable")]


def num_pages(num_rows: int, size: int) -> int:
    """Pages of ``size`` rows, at least one."""
    return max(1, math.ceil(num_rows / size))


def page_of(rows: IntArray, number: int, size: int) -> IntArray:
    """The rows of a page, from 1; of a page that does not exist, those of the last."""
    last = num_pages(len(rows), size)
    start = (min(max(number, 1), last) - 1) * size
    return rows[start : start + size]


def place_of(rows: IntArray, row: int) -> Position | None:
    """Where ``row`` stands among ``rows``; None if it is not among them."""
    found = np.flatnonzero(rows == row)
    if not len(found):
        return None
    index = int(found[0])
    before = int(rows[index - 1]) if index else None
    after = int(rows[index + 1]) if index + 1 < len(rows) else None
    return Position(index + 1, len(rows), before, after)


def row_of(table: pa.Table, sample_id: str) -> int | None:
    """The row of a sample; None if there is none of that name."""
    index: int = pc.index(table["sample_id"], sample_id).as_py()
    return None if index < 0 else index


def sample_at(table: pa.Table, row: int) -> Sample:
    """One row of the table."""
    (values,) = table.select(_COLUMNS).slice(row, 1).to_pylist()
    top5 = tuple(zip(values.pop("top5"), values.pop("top5_probability"), strict=True))
    return Sample(**values, top5=top5)


def _matches(table: pa.Table, wanted: SampleFilter) -> NDArray[np.bool_]:
    matches = np.ones(table.num_rows, bool)
    for name, class_idx in (("label", wanted.label), ("predicted", wanted.predicted)):
        if class_idx is not None:
            matches &= column(table, name) == class_idx
    if wanted.outcome != "all":
        matches &= is_right(table) == (wanted.outcome == "right")
    ranges = (("p_predicted", wanted.probability), ("loss", wanted.loss), ("margin", wanted.margin))
    for name, (low, high) in ranges:
        if (low, high) != _ANY:
            values = column(table, name)
            matches &= (values >= low) & (values <= high)
    return matches


def _sure_of_the_wrong(table: pa.Table) -> NDArray[Any]:
    """The probability of the prediction where it is wrong, less than zero where it is right."""
    confidence = column(table, "p_predicted")
    return np.where(is_right(table), -confidence, confidence)


# Keys by which rows are sorted, the smallest first.
ORDERS: dict[str, Callable[[pa.Table], NDArray[Any]]] = {
    "top_losses": lambda table: -column(table, "loss"),
    "confidently_wrong": lambda table: -_sure_of_the_wrong(table),
    "least_sure": lambda table: column(table, "margin"),
    "confidently_right": _sure_of_the_wrong,
    "as_stored": lambda table: np.arange(table.num_rows),
}
