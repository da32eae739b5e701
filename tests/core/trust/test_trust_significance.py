"""Intervals and tests over photos, against values by hand."""

from itertools import product

import numpy as np
import pytest

from core.trust.report.significance import bootstrap_mean, holm, p_above_zero


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_never_falls() -> None:
    """0.01 × 4, 0.015 × 3, 0.03 × 2; 0.04 × 1 is below the one before, which it keeps."""
    assert holm([0.03, 0.01, 0.04, 0.015]) == pytest.approx([0.06, 0.04, 0.06, 0.045])
    assert holm([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    assert holm([0.7, 0.8]) == [1.0, 1.0]


def test_the_test_against_noise_counts_the_ways_to_choose_the_signs() -> None:
    """Each of the 16 ways to give the ranks 1 to 4 a sign is as probable; here the positive ones sum to 7."""
    scores = np.array([0.1, 0.2, -0.3, 0.4])
    ranks = np.array([1, 2, 3, 4])
    at_least = [signs for signs in product((0, 1), repeat=4) if np.dot(signs, ranks) >= 7]
    assert p_above_zero(scores) == pytest.approx(len(at_least) / 16)
    assert p_above_zero(np.full(4, 0.1)) == pytest.approx(1 / 16)
    assert p_above_zero(np.zeros(3)) == 1.0


def test_the_bootstrap_interval_is_that_of_a_normal_mean_and_holds_it() -> None:
    values = np.random.default_rng(0).normal(0.3, 0.1, 400)
    mean = bootstrap_mean(values, seed=1)
    reach = 1.96 * values.std() / 20
    assert (mean.low, mean.high) == pytest.approx((mean.value - reach, mean.value + reach), abs=5e-4)
    assert bootstrap_mean(values, seed=1) == mean
    alone = bootstrap_mean(np.array([0.1]), seed=0)
    assert alone.low == alone.value == alone.high
