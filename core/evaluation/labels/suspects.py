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
    label. ``is_suspect`` (N,) are the labels that confident learning takes for wrong. ``suggested`` (N,) is
    the most probable class of each, and ``confidence`` (N,) its probability.
    """

    rows: IntArray
    quality: DoubleArray
    is_suspect: NDArray[np.bool_]
    suggested: IntArray
    confidence: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """For each row (N,) the label, the most probable class, and their probabilities; the label's quality."""

    label: IntArray
    suggested: IntArray
    p_label: DoubleArray
    p_suggested: DoubleArray
    quality: DoubleArray


def suspects(table: pa.Table, scores: Scores, held_out: DoubleArray | None = None) -> Suspects:
    """The labels of a table in order of doubt; ``scores`` are of the same rows.

    ``held_out`` (N, C) are probabilities that count in the place of the network's own, for samples that it
    was trained on; NaN in rows where its own count.
    """
    judged = _judged(table)
    if held_out is not None:
        judged = _judged_by(judged, held_out)
    rows = np.argsort(judged.quality, kind="stable")
    is_suspect = _are_suspect(judged, scores, held_out)
    return Suspects(
        rows, judged.quality[rows], is_suspect[rows], judged.suggested[rows], judged.p_suggested[rows]
    )


def label_quality(table: pa.Table) -> DoubleArray:
    """The normalised margin (N,) of each label: (p(label) - largest p of another class + 1) / 2.

    cleanlab calls it ``normalized_margin``. It needs only the columns that each table has.
    """
    return _judged(table).quality


def _judged(table: pa.Table) -> _Judged:
    """By the network's own predictions."""
    label, predicted = (column(table, name).astype(np.int64) for name in ("label", "predicted"))
    given, likeliest = (column(table, name).astype(np.float64) for name in ("p_label", "p_predicted"))
    margin = np.where(label == predicted, column(table, "margin"), given - likeliest)
    return _Judged(label, predicted, given, likeliest, np.asarray((margin + 1) / 2))


def _judged_by(own: _Judged, held_out: DoubleArray) -> _Judged:
    """The same, by other probabilities (N, C) in the rows that have them."""
    rows = np.flatnonzero(np.isfinite(held_out[:, 0]))
    chances, label = held_out[rows].copy(), own.label[rows]
    places = np.arange(len(rows))
    suggested, given = chances.argmax(1), chances[places, label]
    likeliest = chances[places, suggested]
    chances[places, label] = -1
    quality = (given - chances.max(1) + 1) / 2
    suggestions = own.suggested.copy()
    suggestions[rows] = suggested
    return _Judged(
        own.label,
        suggestions,
        _with(own.p_label, rows, given),
        _with(own.p_suggested, rows, likeliest),
        _with(own.quality, rows, quality),
    )


def _with(values: DoubleArray, rows: IntArray, new: DoubleArray) -> DoubleArray:
    changed = values.copy()
    changed[rows] = new
    return changed


def _are_suspect(judged: _Judged, scores: Scores, held_out: DoubleArray | None) -> NDArray[np.bool_]:
    """cleanlab's answer where the probabilities of all classes are known, else `_confidently_other`."""
    every = _all_probabilities(scores, held_out)
    if every is None or len(np.unique(judged.label)) < 2:
        return _confidently_other(judged)
    from cleanlab.filter import find_label_issues  # noqa: PLC0415 (seconds, only where it is needed)

    return np.asarray(find_label_issues(judged.label, every, n_jobs=1), bool)


def _all_probabilities(scores: Scores, held_out: DoubleArray | None) -> NDArray[Any] | None:
    """The probabilities (N, C) of all classes, held out where there are such; None if some are unknown."""
    has_own = scores.kind in (EXACT, ROUNDED)
    if held_out is None:
        return probabilities(scores) if has_own else None
    is_held_out = np.isfinite(held_out)
    if not has_own:
        return held_out if is_held_out.all() else None
    return np.where(is_held_out, held_out, probabilities(scores))


def probabilities(scores: Scores) -> NDArray[Any]:
    """The probabilities (N, C) of all classes; rows sum to 1."""
    if scores.values is None:
        raise ValueError(f"the scores are {scores.kind}, expected those of all classes")
    values = scores.values if scores.kind == EXACT else probability_of(scores.values)
    return np.asarray(values / values.sum(1, keepdims=True))


def _confidently_other(judged: _Judged) -> NDArray[np.bool_]:
    """Samples predicted as another class, at least as surely as that class's own samples are on average.

    The off-diagonal cells of the confident joint (Northcutt 2021, eq. 1), for the likeliest class only. Of a
    class without samples, the threshold is that of all samples.
    """
    label, predicted, own = judged.label, judged.suggested, judged.p_label
    num_classes = int(max(label.max(), predicted.max())) + 1
    counts = np.bincount(label, minlength=num_classes)
    total = np.bincount(label, own, minlength=num_classes)
    threshold = np.where(counts, total / np.maximum(counts, 1), own.mean())
    return np.asarray((label != predicted) & (judged.p_suggested >= threshold[predicted]))
