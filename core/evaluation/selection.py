"""Filter and sort the samples of a predictions table, one page at a time."""

import math
from collections.abc import Callable, Sequence
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
    """Conditions on samples: true and predicted class (None: any), outcome, and closed ranges of numbers.

    ``probability`` is that of the predicted class, ``margin`` its distance to the next, ``loss`` is in nats.
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
    """One row of a predictions table; ``top5`` are pairs of class and probability, highest first."""

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
    """The position of a row among those selected, from 1 to ``total``, and the rows before and after it."""

    number: int
    total: int
    before: int | None
    after: int | None


def selected(table: pa.Table, wanted: SampleFilter, order: str) -> IntArray:
    """The rows (n,) that pass the filter, in one of `ORDERS`; ties in stored order."""
    rows = np.flatnonzero(_matches(table, wanted))
    return rows[np.argsort(ORDERS[order](table)[rows], kind="stable")]


def num_pages(num_rows: int, size: int) -> int:
    """The number of pages of ``size`` rows, at least one."""
    return max(1, math.ceil(num_rows / size))


def page_of(rows: IntArray, number: int, size: int) -> IntArray:
    """The rows of page ``number``, counted from 1; of the nearest page if there is no such page."""
    last = num_pages(len(rows), size)
    start = (min(max(number, 1), last) - 1) * size
    return rows[start : start + size]


def place_of(rows: IntArray, row: int) -> Position | None:
    """The position of ``row`` among ``rows``; None if it is not among them."""
    matches = np.flatnonzero(rows == row)
    if not len(matches):
        return None
    index = int(matches[0])
    before = int(rows[index - 1]) if index else None
    after = int(rows[index + 1]) if index + 1 < len(rows) else None
    return Position(index + 1, len(rows), before, after)


def row_of(table: pa.Table, sample_id: str) -> int | None:
    """The row of a sample; None if there is no such sample."""
    index: int = pc.index(table["sample_id"], sample_id).as_py()
    return None if index < 0 else index


def rows_of(table: pa.Table, sample_ids: Sequence[str]) -> IntArray:
    """The rows of those samples that the table has, in the order of their ids."""
    places = pc.index_in(pa.array(sample_ids, pa.string()), value_set=table["sample_id"].combine_chunks())
    return np.asarray(places.drop_null().to_numpy(), np.int64)


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
    """The probability of the prediction if it is wrong, and its negative if it is right."""
    confidence = column(table, "p_predicted")
    return np.where(is_right(table), -confidence, confidence)


# Sort keys of the rows, the smallest first.
ORDERS: dict[str, Callable[[pa.Table], NDArray[Any]]] = {
    "top_losses": lambda table: -column(table, "loss"),
    "confidently_wrong": lambda table: -_sure_of_the_wrong(table),
    "least_sure": lambda table: column(table, "margin"),
    "confidently_right": _sure_of_the_wrong,
    "as_stored": lambda table: np.arange(table.num_rows),
}
