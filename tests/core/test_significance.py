"""McNemar's test and its words, against sums by hand and the approximations of textbooks."""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from core.significance import accuracy_difference, in_words, mcnemar


@pytest.mark.parametrize(
    ("num_fixed", "num_broken", "expected"),
    [(5, 1, 2 * (1 + 6) / 2**6), (1, 5, 0.21875), (4, 4, 1), (0, 0, 1), (1, 0, 1), (6, 0, 2 / 2**6)],
)
def test_the_p_value_by_hand(num_fixed: int, num_broken: int, expected: float) -> None:
    assert mcnemar(num_fixed, num_broken).p_value == pytest.approx(expected, rel=1e-12)


def test_the_p_value_is_the_share_of_all_signs_with_a_split_as_uneven() -> None:
    """Every one of the 2 ** 13 ways in which 13 differences may fall."""
    sums = np.array([bin(each).count("1") for each in range(2**13)])
    for num_fixed in range(14):
        expected = (np.abs(2 * sums - 13) >= abs(2 * num_fixed - 13)).mean()
        assert mcnemar(num_fixed, 13 - num_fixed).p_value == pytest.approx(expected, rel=1e-12)


def test_of_large_counts_the_p_value_is_about_that_of_chi_squared() -> None:
    """The textbooks' 121 against 59, with the correction for continuity (Edwards 1948)."""
    statistic = (abs(121 - 59) - 1) ** 2 / (121 + 59)
    approximate = chi2.sf(statistic, 1)
    assert (statistic, approximate) == (pytest.approx(20.6722, abs=1e-4), pytest.approx(5.45e-6, rel=1e-3))
    exact = 2 * sum(math.comb(180, each) for each in range(60)) / 2**180
    assert mcnemar(121, 59).p_value == pytest.approx(exact, rel=1e-9)
    assert mcnemar(121, 59).p_value == pytest.approx(approximate, rel=0.2)
    assert mcnemar(5100, 4900).p_value == pytest.approx(chi2.sf(199**2 / 10_000, 1), rel=1e-3)


def test_the_interval_by_hand() -> None:
    """7 fixed and 1 broken of 21: (8 - 2) / 23 and 1.96 standard errors on each side."""
    found = accuracy_difference(7, 1, 21)
    reach = 1.959964 * math.sqrt((10 / 23 - (6 / 23) ** 2) / 23)
    assert found.value == 6 / 21
    assert (found.low, found.high) == (pytest.approx(6 / 23 - reach), pytest.approx(6 / 23 + reach))
    assert (found.low, found.high) == (pytest.approx(0.0134, abs=1e-4), pytest.approx(0.5084, abs=1e-4))


def test_the_interval_turns_round_with_the_two() -> None:
    one, other = accuracy_difference(7, 1, 21), accuracy_difference(1, 7, 21)
    assert (one.value, one.low, one.high) == (-other.value, -other.high, -other.low)


def test_the_interval_has_a_width_where_the_two_never_differ_and_ends_at_1() -> None:
    found = accuracy_difference(0, 0, 100)
    assert (found.low, found.high) == (pytest.approx(-found.high), pytest.approx(1.959964 * 2**0.5 / 102))
    assert accuracy_difference(3, 0, 3).high == 1
    assert accuracy_difference(0, 3, 3).low == -1


def test_the_interval_covers_the_true_difference_95_times_of_100() -> None:
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(60, [0.2, 0.1, 0.7], size=4000)
    found = [accuracy_difference(int(fixed), int(broken), 60) for fixed, broken, _ in drawn]
    assert np.mean([each.low <= 0.1 <= each.high for each in found]) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("counts", [(3, 2, 4), (0, 0, 0), (-3, 2, 4)])
def test_counts_that_are_no_part_of_the_samples_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected a part of them"):
        accuracy_difference(*counts)


@pytest.mark.parametrize(
    ("num_fixed", "num_broken", "expected"),
    [
        (0, 0, "No sample tells old and new apart"),
        (1, 0, "Only new is right on 1 sample, only old on 0. "),
        (1234, 1000, "Only new is right on 1,234 samples, only old on 1,000. "),
        (2, 0, "a probability of at least 1 in 2. These are too few differences to tell which is better"),
        (5, 0, "a probability of about 1 in 16. These are too few differences to tell which is better"),
        (4, 0, "a probability of about 1 in 8. "),
        (6, 0, "about 1 in 32. Chance is an unlikely reason, but not one to rule out, for new being ahead."),
        (1, 9, "about 1 in 47. Chance is an unlikely reason, but not one to rule out, for old being ahead."),
        (
            12,
            8,
            "a probability of at least 1 in 2. That is too even to tell which is better, which does not mean",
        ),
        (8, 1, "a probability of about 1 in 26. "),
        (13, 1, "a probability of about 1 in 550. It is hardly chance that new is ahead."),
        (1, 20, "a probability of less than 1 in 10,000. It is hardly chance that old is ahead."),
        (0, 30, "a probability of less than 1 in 1,000,000. It is hardly chance that old is ahead."),
    ],
)
def test_the_words_fit_the_numbers(num_fixed: int, num_broken: int, expected: str) -> None:
    assert expected in in_words(mcnemar(num_fixed, num_broken), "old", "new")


def test_the_words_warn_of_samples_that_depend_on_one_another_and_prove_nothing() -> None:
    said = in_words(mcnemar(40, 2), "old", "new")
    assert "takes the samples as independent of one another" in said
    assert "prove" not in said
