"""Probabilities out of sample are of a layer that has not seen the sample: Bayes' rule, where it is known."""

import numpy as np
import pytest

from core.evaluation.labels.out_of_sample import FOLDS, out_of_sample, shrunk_covariance
from core.evaluation.labels.suspects import suspects
from core.evaluation.metrics import column
from core.evaluation.ranking.scores import scores_of
from tests.support.results.small_tables import random_table


def _normal(number: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes with means -1 and 1 along the first of three directions, each of variance 1."""
    random = np.random.default_rng(seed)
    labels = np.arange(number) % 2
    features = random.standard_normal((number, 3))
    features[:, 0] += 2 * labels - 1
    return features, labels


def test_of_two_normal_classes_it_is_the_posterior() -> None:
    features, labels = _normal(20_000)
    found = out_of_sample(features, labels, 2)
    np.testing.assert_allclose(found.sum(1), 1)
    expected = 1 / (1 + np.exp(-2 * features[:, 0]))
    distance = np.abs(found[:, 1] - expected)
    assert distance.mean() < 0.01
    assert distance.max() < 0.06  # 20,000 samples leave that much open.


def test_the_covariance_is_that_of_scikit_learn() -> None:
    covariances = pytest.importorskip("sklearn.covariance")
    values = np.random.default_rng(0).standard_normal((30, 8)) * np.arange(1, 9)
    expected, _ = covariances.ledoit_wolf(values, assume_centered=True)
    np.testing.assert_allclose(shrunk_covariance(values), expected, rtol=1e-10)
    np.testing.assert_allclose(shrunk_covariance(np.eye(3)), np.eye(3) / 3)


def test_a_sample_has_no_part_in_its_own_probabilities() -> None:
    features, labels = _normal(200)
    before = out_of_sample(features, labels, 2)
    flipped = labels.copy()
    flipped[7] = 1 - flipped[7]
    features[:, 2] = 0  # A feature that never varies changes nothing.
    after = out_of_sample(features, flipped, 2)
    assert after[7, 1] == pytest.approx(before[7, 1], abs=0.05)


def test_copies_in_one_group_stay_on_one_side() -> None:
    """Each sample twice: alone, a wrong label finds its copy; as a group, it does not."""
    random = np.random.default_rng(0)
    features = np.repeat(random.standard_normal((60, 200)), 2, axis=0)
    labels = np.repeat(random.integers(0, 2, 60), 2)
    alone, whole = (out_of_sample(features, labels, 2, groups) for groups in (None, np.arange(120) // 2))
    rows = np.arange(120)
    assert alone[rows, labels].mean() > 0.7
    assert whole[rows, labels].mean() < 0.6


def test_the_only_sample_of_a_class_is_unknown() -> None:
    features, labels = _normal(50)
    labels[3] = 2
    found = out_of_sample(features, labels, 3)
    assert np.flatnonzero(np.isnan(found[:, 0])).tolist() == [3]
    assert FOLDS == 5


def test_held_out_probabilities_replace_those_of_the_network_where_there_are_some() -> None:
    table, _ = random_table(40, 3)
    held_out = np.full((40, 3), np.nan)
    label = column(table, "label").astype(int)
    held_out[5] = np.where(np.arange(3) == label[5], 0.1, [0.45, 0.45, 0.45])
    other = (label[5] + 1) % 3
    held_out[5, other] = 0.5
    own, found = suspects(table, scores_of(table, 3)), suspects(table, scores_of(table, 3), held_out)
    place = found.rows.tolist().index(5)
    assert found.quality[place] == pytest.approx((0.1 - 0.5 + 1) / 2)
    assert (found.suggested[place], found.confidence[place]) == (other, 0.5)
    rest = np.delete(np.arange(40), 5)
    for row in rest.tolist():
        assert found.quality[found.rows == row] == own.quality[own.rows == row]
