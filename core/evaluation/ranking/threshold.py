"""One class against the rest at one decision threshold: true and false positives and negatives."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.evaluation.metrics import column, lists
from core.evaluation.ranking.histograms import Histogram
from core.evaluation.ranking.scores import EXACT, Scores, log_odds, probability_of


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Counts if samples are called positive from a probability of ``threshold`` on."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    threshold: float

    @property
    def precision(self) -> float:
        """The share of predicted positives that are positive; NaN if none is predicted positive."""
        called = self.true_positives + self.false_positives
        return self.true_positives / called if called else math.nan

    @property
    def recall(self) -> float:
        """The share of positives that are predicted positive (true positive rate); NaN without positives."""
        positive = self.true_positives + self.false_negatives
        return self.true_positives / positive if positive else math.nan

    @property
    def false_positive_rate(self) -> float:
        """The share of negatives that are predicted positive; NaN without negatives."""
        negative = self.false_positives + self.true_negatives
        return self.false_positives / negative if negative else math.nan

    @property
    def share_positive(self) -> float:
        """The share of all samples that are positive: the precision of calling everything positive."""
        positive = self.true_positives + self.false_negatives
        return positive / (positive + self.false_positives + self.true_negatives)


def at_threshold(table: pa.Table, scores: Scores, class_idx: int, threshold: float) -> AtThreshold:
    """Counts of one class of a predictions table at a threshold from 0 to 1.

    From a histogram, the threshold is the nearest edge of its bins; the result states it. Above 1/6 the table
    itself is enough, as a sixth probability cannot be larger. ValueError if scores are missing.
    """
    if scores.histogram is not None and threshold <= 1 / 6:
        return _at_edge(scores.histogram, class_idx, threshold)
    positive = scores.label == class_idx
    called = _probabilities(table, scores, class_idx) >= threshold
    return AtThreshold(
        int((called & positive).sum()),
        int((called & ~positive).sum()),
        int((~called & positive).sum()),
        int((~called & ~positive).sum()),
        threshold,
    )


def _probabilities(table: pa.Table, scores: Scores, class_idx: int) -> NDArray[Any]:
    """The probability of a class for every sample (N,), from the table's top five where they have it."""
    if scores.values is None and scores.histogram is None:
        raise ValueError("the scores of all classes are missing")
    if scores.values is not None and scores.kind == EXACT:
        return scores.values[:, class_idx]
    others = np.zeros(len(scores.label))
    if scores.values is not None:
        others = probability_of(scores.values[:, class_idx])
    in_top = lists(table, "top5") == class_idx
    known = np.where(in_top, lists(table, "top5_probability"), np.float32(0)).sum(1)
    best = np.where(in_top.any(1), known, others)
    return np.where(scores.label == class_idx, column(table, "p_label"), best)


def _at_edge(histogram: Histogram, class_idx: int, threshold: float) -> AtThreshold:
    edges = np.append(-np.inf, histogram.edges)
    first = int(np.abs(edges - log_odds(threshold)).argmin()) if threshold > 0 else 0
    others, own = histogram.counts[:, class_idx].astype(np.int64)
    return AtThreshold(
        int(own[first:].sum()),
        int(others[first:].sum()),
        int(own[:first].sum()),
        int(others[:first].sum()),
        float(probability_of(edges[first])),
    )
