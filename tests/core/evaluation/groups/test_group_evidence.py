"""The exact test within strata, and the likelihood by which groups are searched, against peers."""

import numpy as np
import pytest
from scipy.stats import fisher_exact, power_divergence

from core.evaluation.groups.evidence import gain, holm, p_value


def _made(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    is_inside = rng.random(size) < 0.3
    return is_inside, rng.random(size) < np.where(is_inside, 0.4, 0.2)


def test_in_one_stratum_the_test_is_fishers() -> None:
    is_inside, is_wrong = _made(80, seed=1)
    table = [[int((a & b).sum()) for b in (is_wrong, ~is_wrong)] for a in (is_inside, ~is_inside)]
    expected = fisher_exact(table, alternative="greater").pvalue
    assert p_value(is_inside, is_wrong, np.zeros(80, np.int64)) == pytest.approx(expected, rel=1e-9)


def test_in_several_strata_it_is_the_share_of_shuffles_within_them() -> None:
    is_inside, is_wrong = _made(60, seed=2)
    strata = np.repeat([0, 2, 5], 20)
    rng, num = np.random.default_rng(0), 4_000
    observed, as_many = (is_inside & is_wrong).sum(), 0
    for _ in range(num):
        order = np.lexsort((rng.random(60), strata))  # Strata stay where they are.
        as_many += (is_inside & is_wrong[order]).sum() >= observed
    p = p_value(is_inside, is_wrong, strata)
    assert p == pytest.approx(as_many / num, abs=4 * np.sqrt(p * (1 - p) / num))


def test_a_stratum_that_is_all_wrong_says_nothing() -> None:
    is_inside, is_wrong = _made(40, seed=3)
    strata = np.zeros(40, np.int64)
    alone = p_value(is_inside, is_wrong, strata)
    inside, wrong, both = (
        np.r_[is_inside, is_inside],
        np.r_[is_wrong, np.ones(40, bool)],
        np.r_[strata, strata + 1],
    )
    assert p_value(inside, wrong, both) == pytest.approx(alone)


def test_the_gain_is_the_g_statistic_of_a_two_by_two_table() -> None:
    num, wrong, size, bad = 30.0, 12.0, 200.0, 20.0
    expected = power_divergence(
        [12, 18, 8, 162], [30 * 0.1, 30 * 0.9, 170 * 0.1, 170 * 0.9], lambda_="log-likelihood"
    ).statistic
    gained = gain(np.array([[num], [wrong], [num * bad / size]]), (size, bad, bad))
    assert gained[0] == pytest.approx(expected)


def test_fewer_mistakes_than_expected_gain_nothing() -> None:
    assert gain(np.array([[30.0], [1.0], [3.0]]), (200.0, 20.0, 20.0))[0] == 0


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order() -> None:
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03, 0.9])), [0.09, 0.04, 0.09, 0.9])
