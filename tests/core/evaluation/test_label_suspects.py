"""Doubtful labels: their score is cleanlab's, flipped labels come first, and few are enough to be found."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from core.evaluation.labels.suspects import label_quality, probabilities, suspects
from core.evaluation.ranking.scores import MISSING, Scores, scores_of
from core.predictions import prediction_table
from tests.support.results.small_tables import random_table, table_of


def _flipped(num_samples: int, num_classes: int, num_flips: int) -> tuple[pa.Table, Scores]:
    """Predictions of a network that is right about the first ``num_flips`` samples, whose labels are not."""
    random = torch.Generator().manual_seed(3)
    true = torch.randint(num_classes, (num_samples,), generator=random)
    shift = torch.randint(1, num_classes, (num_samples,), generator=random)
    given = torch.where(torch.arange(num_samples) < num_flips, (true + shift) % num_classes, true)
    logits = torch.randn(num_samples, num_classes, generator=random)
    logits += 6 * torch.nn.functional.one_hot(true, num_classes)
    ids = [str(each) for each in range(num_samples)]
    table = prediction_table.rows(logits, given, sample_ids=ids, paths=ids, split="val")
    return table, scores_of(table, num_classes)


@pytest.mark.parametrize("num_classes", [2, 4, 12])
def test_the_quality_of_a_label_is_the_normalised_margin_of_cleanlab(num_classes: int) -> None:
    from cleanlab.rank import get_label_quality_scores

    table, every = random_table(200, num_classes)
    expected = get_label_quality_scores(table["label"].to_numpy(), every, method="normalized_margin")
    np.testing.assert_allclose(label_quality(table), expected, atol=1e-6)


@pytest.mark.parametrize("num_classes", [4, 10])
def test_flipped_labels_come_first_and_are_taken_for_wrong(num_classes: int) -> None:
    table, scores = _flipped(1000, num_classes, 100)
    found = suspects(table, scores)
    assert (found.rows[:100] < 100).sum() >= 97
    assert set(found.rows[found.is_suspect]) <= set(found.rows[:110])
    assert 80 <= found.is_suspect.sum() <= 110
    assert (np.diff(found.quality) >= 0).all()


def test_without_all_probabilities_the_same_labels_are_taken_for_wrong() -> None:
    table, scores = _flipped(1000, 10, 100)
    known = suspects(table, scores)
    unknown = suspects(table, Scores(MISSING, 10, scores.label))
    both = np.intersect1d(known.rows[known.is_suspect], unknown.rows[unknown.is_suspect])
    assert len(both) >= 0.95 * max(known.is_suspect.sum(), unknown.is_suspect.sum())


def test_a_sample_predicted_less_surely_than_its_class_usually_is_keeps_its_label() -> None:
    """Class 1 is predicted with 0.8 on average: 0.9 is enough to doubt the label 0, 0.6 is not."""
    table = table_of([0, 0, 0, 1, 1], [0, 1, 1, 1, 1], [0.7, 0.9, 0.6, 0.8, 0.8])
    found = suspects(table, Scores(MISSING, 2, np.array([0, 0, 0, 1, 1])))
    assert found.rows[found.is_suspect].tolist() == [1]


def test_rounded_scores_give_probabilities_that_sum_to_one() -> None:
    table, every = random_table(50, 12)
    rounded = probabilities(scores_of(table, 12))
    np.testing.assert_allclose(rounded.sum(1), 1)
    np.testing.assert_allclose(rounded, every, atol=2e-3)
