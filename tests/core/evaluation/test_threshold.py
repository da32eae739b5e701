"""One class at one threshold, counted by hand, and on its curves."""

import math

import numpy as np
import pyarrow as pa
import pytest
import torch

from core.evaluation.ranking.curves import precision_recall_curve, roc_curve
from core.evaluation.ranking.histograms import Histogram
from core.evaluation.ranking.scores import SCORES, scores_of
from core.evaluation.ranking.threshold import AtThreshold, at_threshold
from core.predictions import prediction_table
from core.predictions.score_files import counted


def _table(probability: list[float], label: list[int]) -> pa.Table:
    """Two classes; ``probability`` is that of class 1."""
    logits = torch.tensor([[0.0, np.log(p / (1 - p))] for p in probability], dtype=torch.float64)
    ids = [str(each) for each in range(len(label))]
    return prediction_table.rows(logits, torch.tensor(label), sample_ids=ids, paths=ids, split="val")


TABLE = _table([0.9, 0.8, 0.7, 0.4, 0.2], [1, 0, 1, 1, 0])


@pytest.mark.parametrize(
    ("threshold", "counts"),
    [
        (0.0, (3, 2, 0, 0)),
        (0.3, (3, 1, 0, 1)),
        (0.5, (2, 1, 1, 1)),
        (0.85, (1, 0, 2, 2)),
        (1.0, (0, 0, 3, 2)),
    ],
)
def test_counts_by_hand(threshold: float, counts: tuple[int, ...]) -> None:
    found = at_threshold(TABLE, scores_of(TABLE, 2), 1, threshold)
    assert (
        found.true_positives,
        found.false_positives,
        found.false_negatives,
        found.true_negatives,
    ) == counts


def test_rates_by_hand() -> None:
    found = at_threshold(TABLE, scores_of(TABLE, 2), 1, 0.5)
    assert (found.precision, found.recall) == (2 / 3, 2 / 3)
    assert (found.false_positive_rate, found.share_positive) == (1 / 2, 3 / 5)


def test_rates_without_anything_to_divide_by() -> None:
    assert math.isnan(AtThreshold(0, 0, 3, 2, 0.9).precision)
    assert math.isnan(AtThreshold(0, 1, 0, 2, 0.5).recall)
    assert math.isnan(AtThreshold(2, 0, 0, 0, 0.5).false_positive_rate)


def test_the_dot_lies_on_both_curves() -> None:
    generator = torch.Generator().manual_seed(0)
    probability = torch.rand(200, generator=generator).clamp(0.01, 0.99).tolist()
    label = (torch.rand(200, generator=generator) < 0.4).int().tolist()
    table = _table(probability, label)
    scores = scores_of(table, 2)
    roc, precision_recall = roc_curve(scores, 1), precision_recall_curve(scores, 1)
    for threshold in roc.thresholds[1:-1:7].tolist():
        found = at_threshold(table, scores, 1, threshold)
        place = roc.thresholds.tolist().index(threshold)
        assert found.recall == pytest.approx(roc.true_positive_rate[place])
        assert found.false_positive_rate == pytest.approx(roc.false_positive_rate[place])
    for place in range(0, len(precision_recall.thresholds) - 1, 9):
        found = at_threshold(table, scores, 1, float(precision_recall.thresholds[place]))
        assert found.precision == pytest.approx(precision_recall.precision[place])
        assert found.recall == pytest.approx(precision_recall.recall[place])


def test_beyond_five_classes_all_are_counted_and_of_a_histogram_at_the_edge_of_a_bin() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, label = torch.randn(200, 8, generator=generator), torch.arange(200) % 8
    ids = [str(each) for each in range(200)]
    table = prediction_table.rows(logits, label, sample_ids=ids, paths=ids, split="val")
    probability, positive = logits.double().softmax(1)[:, 3].numpy(), label.numpy() == 3
    rounded, binned = scores_of(table, 8), Histogram(counted(table)[0])
    for threshold in (0.03, 0.1, 0.16, 0.3, 0.6):
        called = probability >= threshold
        found = at_threshold(table, rounded, 3, threshold)
        assert (found.true_positives, found.false_positives, found.threshold) == (
            (called & positive).sum(),
            (called & ~positive).sum(),
            threshold,
        )
        found = at_threshold(table, scores_of(table.drop_columns([SCORES]), 8, binned), 3, threshold)
        assert found.threshold == pytest.approx(threshold, rel=0.04)
        called = probability >= found.threshold - 1e-5
        assert (found.true_positives, found.false_positives) == (
            (called & positive).sum(),
            (called & ~positive).sum(),
        )
    everything = at_threshold(table, scores_of(table.drop_columns([SCORES]), 8, binned), 3, 0)
    assert (everything.true_positives, everything.false_positives, everything.threshold) == (25, 175, 0)
