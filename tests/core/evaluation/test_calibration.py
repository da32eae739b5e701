"""The calibration error is the distance of confidence from accuracy, bin by bin."""

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from core.evaluation import metrics as evaluation
from tests.support.results.small_tables import random_table, table_of


@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.6, 0.99, 1.0])
def test_with_a_constant_confidence_the_error_is_its_distance_from_the_accuracy(confidence: float) -> None:
    table = table_of([0] * 8, [0, 0, 0, 0, 0, 1, 1, 1], [confidence] * 8)
    found = evaluation.metrics(table, 2)
    assert found.ece == pytest.approx(abs(confidence - 5 / 8), abs=1e-7)


def test_the_calibration_error_is_that_of_torchmetrics() -> None:
    table, _ = random_table(500, 6)
    right = table["label"].to_numpy() == table["predicted"].to_numpy()
    confidence = torch.tensor(table["p_predicted"].to_numpy())
    expected = binary_calibration_error(confidence, torch.tensor(right).int(), n_bins=15)
    assert evaluation.metrics(table, 6).ece == pytest.approx(expected.item(), abs=1e-6)


def test_the_error_by_chance_is_the_mean_of_tables_whose_probabilities_are_true() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0.2, 1, 60)
    found = []
    for _ in range(300):
        right = random.random(60) < confidence
        table = table_of([0] * 60, [int(not each) for each in right], confidence.tolist())
        found.append(evaluation.expected_calibration_error(evaluation.calibration_bins(table)))
    expected = evaluation.error_by_chance(table)
    assert expected == pytest.approx(np.mean(found), rel=0.1)
    assert expected > 0.1


def test_calibration_bins_by_hand() -> None:
    table = table_of([0, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.625, 0.75, 1.0])
    found = evaluation.calibration_bins(table, num_bins=4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.count.tolist() == [0, 0, 2, 2]
    np.testing.assert_array_equal(found.confidence, [np.nan, np.nan, 0.5625, 0.875])
    np.testing.assert_array_equal(found.accuracy, [np.nan, np.nan, 0.5, 1.0])
    assert evaluation.expected_calibration_error(found) == (2 * 0.0625 + 2 * 0.125) / 4


def test_right_and_wrong_predictions_are_counted_apart_and_all() -> None:
    found = evaluation.confidence_histogram(table_of([0, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.625, 0.75, 1.0]), 4)
    assert found.right.tolist() == [0, 0, 1, 2]
    assert found.wrong.tolist() == [0, 0, 1, 0]
    table, _ = random_table(100, 3)
    found, measured = evaluation.confidence_histogram(table), evaluation.metrics(table, 3)
    assert (found.right.sum(), found.wrong.sum()) == (100 - measured.num_mistakes, measured.num_mistakes)
