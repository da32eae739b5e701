"""McNemar's test and its words, against sums by hand and the approximations of textbooks."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chi2, norm

from core.evaluation.comparing.significance import (
    accuracy_difference,
    accuracy_difference_by_group,
    in_words,
    mcnemar,
    mcnemar_by_group,
)


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


def test_the_p_value_of_a_textbook() -> None:
    """12 against 2 of 50 sputum specimens on two media (Armitage and Berry 1994, p. 127)."""
    assert mcnemar(12, 2).p_value == pytest.approx(0.0129, abs=5e-5)


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
        (0, 0, "old and new are right and wrong on the same samples"),
        (1, 0, "Only new is right on 1 sample, only old on 0. "),
        (1234, 1000, "Only new is right on 1,234 samples, only old on 1,000. "),
        (2, 0, "a probability of at least 1 in 2. There are too few differences to tell which is better"),
        (5, 0, "a probability of about 1 in 16. There are too few differences to tell which is better"),
        (4, 0, "a probability of about 1 in 8. "),
        (6, 0, "about 1 in 32. It is unlikely, but possible, that new is ahead by chance."),
        (1, 9, "about 1 in 47. It is unlikely, but possible, that old is ahead by chance."),
        (
            12,
            8,
            "a probability of at least 1 in 2. The split is too even to tell which is better; this does not",
        ),
        (8, 1, "a probability of about 1 in 26. "),
        (13, 1, "a probability of about 1 in 550. It is very unlikely that new is ahead by chance."),
        (1, 20, "a probability of less than 1 in 10,000. It is very unlikely that old is ahead by chance."),
        (
            0,
            30,
            "a probability of less than 1 in 1,000,000. It is very unlikely that old is ahead by chance.",
        ),
    ],
)
def test_the_words_fit_the_numbers(num_fixed: int, num_broken: int, expected: str) -> None:
    assert expected in in_words(mcnemar(num_fixed, num_broken), "old", "new")


def test_the_words_warn_of_samples_that_depend_on_one_another_and_prove_nothing() -> None:
    said = in_words(mcnemar(40, 2), "old", "new")
    assert "takes the samples as independent" in said
    assert "prove" not in said


def test_the_p_value_by_group_is_the_share_of_all_ways_to_reverse_groups() -> None:
    fixed, broken = np.array([5, 0, 3, 7, 1, 2, 4, 0, 6]), np.array([0, 2, 0, 1, 1, 4, 0, 3, 0])
    signs = np.array(list(itertools.product((-1, 1), repeat=9)))
    expected = (np.abs(signs @ (fixed - broken)) >= (fixed - broken).sum()).mean()
    found = mcnemar_by_group(fixed, broken)
    assert 0.05 < expected < 0.3
    assert found.p_value == pytest.approx(expected, rel=1e-12)
    assert (found.num_fixed, found.num_broken, found.groups) == (28, 11, (5, 3))
    assert mcnemar_by_group(broken, fixed).p_value == pytest.approx(expected, rel=1e-12)


def test_where_every_group_is_one_sample_the_test_is_that_of_samples() -> None:
    outcome = np.array([1] * 17 + [-1] * 6 + [0] * 40)
    found = mcnemar_by_group((outcome == 1).astype(np.int64), (outcome == -1).astype(np.int64))
    assert found.p_value == pytest.approx(mcnemar(17, 6).p_value, rel=1e-12)


def test_thirty_frames_that_go_together_say_no_more_than_one() -> None:
    one = np.array([1, 1, 1, 1, 0]), np.array([0, 0, 0, 0, 1])
    assert mcnemar_by_group(30 * one[0], 30 * one[1]).p_value == pytest.approx(mcnemar(4, 1).p_value)
    assert mcnemar(120, 30).p_value < 1e-12


def test_of_many_groups_the_p_value_is_about_that_of_chi_squared() -> None:
    generator = np.random.default_rng(0)
    fixed, broken = generator.poisson(2.1, 500), generator.poisson(2, 500)
    net = fixed - broken
    expected = chi2.sf((abs(net.sum()) - 1) ** 2 / (net**2).sum(), 1)  # Corrected for continuity.
    assert 0.001 < expected < 0.2
    assert mcnemar_by_group(fixed, broken).p_value == pytest.approx(expected, rel=0.05)


def test_groups_that_are_all_even_tell_nothing() -> None:
    found = mcnemar_by_group(np.array([3, 2]), np.array([3, 2]))
    assert (found.p_value, found.groups) == (1, (0, 0))


def test_the_interval_by_group_by_hand() -> None:
    """Groups of 2, 4 and 4 samples gain 2, 1 and -1: 0.2, residuals 1.6, 0.2 and -1.8, Student's t 4.3027."""
    found = accuracy_difference_by_group(np.array([2, 1, 0]), np.array([0, 0, 1]), np.array([2, 4, 4]))
    reach = 4.302653 * math.sqrt((1.6**2 + 0.2**2 + 1.8**2) * 3 / 2) / 10
    assert found.value == pytest.approx(0.2)
    assert reach > 1.2
    assert (found.low, found.high) == (-1, 1)
    wide = accuracy_difference_by_group(np.array([2, 1, 0]), np.array([0, 0, 1]), np.array([20, 40, 40]))
    reach = 4.302653 * math.sqrt((1.6**2 + 0.2**2 + 1.8**2) * 3 / 2) / 100
    assert (wide.low, wide.high) == (pytest.approx(0.02 - reach), pytest.approx(0.02 + reach))


def test_the_interval_of_groups_of_one_is_walds() -> None:
    outcome = np.array([1] * 300 + [-1] * 200 + [0] * 1500)
    found = accuracy_difference_by_group(
        (outcome == 1).astype(np.int64), (outcome == -1).astype(np.int64), np.ones(2000, np.int64)
    )
    reach = norm.ppf(0.975) * math.sqrt((0.25 - 0.05**2) / 2000)
    assert (found.low, found.high) == (
        pytest.approx(0.05 - reach, rel=2e-3),
        pytest.approx(0.05 + reach, rel=2e-3),
    )


def test_one_group_has_no_interval() -> None:
    with pytest.raises(ValueError, match="1 group, expected two or more"):
        accuracy_difference_by_group(np.array([1]), np.array([0]), np.array([9]))


def test_the_words_of_groups_count_groups() -> None:
    said = in_words(mcnemar_by_group(np.array([30, 20, 9]), np.array([0, 1, 0])), "old", "new")
    assert said.startswith("Only new is right on 59 samples, only old on 1. The samples form groups, such as")
    assert "new is ahead in 3 groups, old in 0. " in said
    assert said.endswith("There are too few differences to tell which is better, whatever their direction.")
    said = in_words(mcnemar_by_group(np.full(12, 5), np.zeros(12, np.int64)), "old", "new")
    assert said.endswith("about 1 in 2,000. It is very unlikely that new is ahead by chance.")
