"""Which labels are suspected to be wrong: confident learning (Northcutt 2021, doi:10.1613/jair.1.12125)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.evaluation.metrics import column
from core.evaluation.ranking.scores import EXACT, ROUNDED, Scores, probability_of


@dataclass(frozen=True, slots=True, eq=False)
class Suspects:
    """All rows (N,) of a predictions table, the most doubtful label first.

    ``quality`` (N,) is the normalised margin in [0, 1]: below 0.5 another class is more probable than the
    label. ``is_suspect`` (N,) are the labels that confident learning takes for wrong.
    """

    rows: IntArray
    quality: DoubleArray
    is_suspect: NDArray[np.bool_]


def suspects(table: pa.Table, scores: Scores) -> Suspects:
    """The labels of a table in order of doubt; ``scores`` are of the same rows."""
    quality = label_quality(table)
    rows = np.argsort(quality, kind="stable")
    return Suspects(rows, quality[rows], _are_suspect(table, scores)[rows])


def label_quality(table: pa.Table) -> DoubleArray:
    """The normalised margin (N,) of each label: (p(label) - largest p of another class + 1) / 2.

    cleanlab calls it ``normalized_margin``. It needs only the columns that each table has.
    """
    is_right = column(table, "label") == column(table, "predicted")
    given, likeliest = (column(table, name).astype(np.float64) for name in ("p_label", "p_predicted"))
    return np.asarray((np.where(is_right, column(table, "margin"), given - likeliest) + 1) / 2)


def _are_suspect(table: pa.Table, scores: Scores) -> NDArray[np.bool_]:
    """cleanlab's answer where the probabilities of all classes are known, else `_confidently_other`."""
    if scores.kind not in (EXACT, ROUNDED) or len(np.unique(scores.label)) < 2:
        return _confidently_other(table)
    from cleanlab.filter import find_label_issues  # noqa: PLC0415 (seconds, only where it is needed)

    return np.asarray(find_label_issues(scores.label, probabilities(scores), n_jobs=1), bool)


def probabilities(scores: Scores) -> NDArray[Any]:
    """The probabilities (N, C) of all classes; rows sum to 1."""
    if scores.values is None:
        raise ValueError(f"the scores are {scores.kind}, expected those of all classes")
    values = scores.values if scores.kind == EXACT else probability_of(scores.values)
    return np.asarray(values / values.sum(1, keepdims=True))


def _confidently_other(table: pa.Table) -> NDArray[np.bool_]:
    """Samples predicted as another class, at least as surely as that class's own samples are on average.

    The off-diagonal cells of the confident joint (Northcutt 2021, eq. 1), for the likeliest class only. Of a
    class without samples, the threshold is that of all samples.
    """
    label, predicted = column(table, "label"), column(table, "predicted")
    num_classes = int(max(label.max(), predicted.max())) + 1
    own = column(table, "p_label").astype(np.float64)
    counts = np.bincount(label, minlength=num_classes)
    total = np.bincount(label, own, minlength=num_classes)
    threshold = np.where(counts, total / np.maximum(counts, 1), own.mean())
    return np.asarray((label != predicted) & (column(table, "p_predicted") >= threshold[predicted]))
