"""The scores of *all* classes for every sample, as far as a predictions table and its files have them.

A table has the five most probable classes of each sample. With up to five classes these are all. With more,
the column ``scores`` has the log-odds ln(p / (1 - p)) of every class in 16 bits, or a histogram of them is
stored beside the table. Without either, the other classes are unknown, and no values are invented for them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.evaluation.metrics import column, lists
from core.evaluation.ranking.histograms import Histogram

SCORES = "scores"
EXACT, ROUNDED, BINNED, MISSING = "exact", "rounded", "binned", "missing"


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Labels (N,), and the scores of all C classes, by ``kind``.

    ``EXACT``: ``values`` (N, C) are probabilities. ``ROUNDED``: they are log-odds in float16. ``BINNED``:
    ``histogram`` counts log-odds. ``MISSING``: the scores are unknown.
    """

    kind: str
    num_classes: int
    label: NDArray[Any]
    values: NDArray[Any] | None = None
    histogram: Histogram | None = None


def has_scores(table: pa.Table) -> bool:
    """Whether a table has the log-odds of all classes."""
    if SCORES not in table.column_names:
        return False
    kind = table.schema.field(SCORES).type
    return bool(pa.types.is_fixed_size_list(kind) and kind.value_type == pa.float16())


def scores_of(table: pa.Table, num_classes: int, histogram: Histogram | None = None) -> Scores:
    """The most precise scores available; a ``histogram`` counts only if it is of this table's samples."""
    label, top = column(table, "label"), lists(table, "top5")
    if has_scores(table):
        values = table[SCORES].combine_chunks().flatten().to_numpy().reshape(len(label), -1)
        return Scores(ROUNDED, num_classes, label, values)
    if top.shape[1] >= num_classes:
        every = np.zeros((len(label), num_classes), np.float32)
        np.put_along_axis(every, top.astype(np.int64), lists(table, "top5_probability"), 1)
        return Scores(EXACT, num_classes, label, every)
    if histogram is not None and _is_of(histogram, label, num_classes):
        return Scores(BINNED, num_classes, label, histogram=histogram)
    return Scores(MISSING, num_classes, label)


def log_odds(probability: Any) -> Any:  # noqa: ANN401 (a number or an array of them)
    """ln(p / (1 - p)), infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.log(probability) - np.log1p(-np.asarray(probability, np.float64))


def probability_of(values: Any) -> NDArray[np.float64]:  # noqa: ANN401 (an array of any floats)
    """The probabilities with these log-odds."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-np.asarray(values, np.float64))))


def _is_of(histogram: Histogram, label: NDArray[Any], num_classes: int) -> bool:
    """Whether the histogram's counts match the number of samples of each class."""
    if histogram.counts.shape[1] != num_classes:
        return False
    support = np.bincount(label, minlength=num_classes)
    others, own = (each.sum(1, dtype=np.int64) for each in histogram.counts)
    return bool((own == support).all() and (others == len(label) - support).all())
