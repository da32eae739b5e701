"""Means, intervals and McNemar's test over several seeds, against sums by hand and every sign."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from core.evaluation.comparing.comparison import Pair, paired
from core.evaluation.comparing.over_seeds import (
    accuracy_interval,
    difference_of_one_seed,
    pooled_mcnemar,
    t_interval,
)
from core.evaluation.comparing.significance import accuracy_difference, mcnemar

NAMES = ("a", "b")


def pair(first: str, second: str) -> Pair:
    """Two tables from texts, such as ``+-+``: whether each sample is right."""
    return paired(_table(first), _table(second), NAMES, NAMES)


def _table(right: str) -> pa.Table:
    return pa.table(
        {
            "sample_id": [f"s{number}" for number in range(len(right))],
            "label": pa.array([1] * len(right), pa.int32()),
            "predicted": pa.array([int(each == "+") for each in right], pa.int32()),
        }
    )


def test_the_t_interval_by_hand() -> None:
    """Mean 0.93, squared deviations 0.0026 in sum, t(0.975, 2) = 4.302653."""
    interval = t_interval(np.array([0.90, 0.92, 0.97]), 0, 2)
    reach = 4.302653 * (0.0026 / 2) ** 0.5 / 3**0.5
    assert interval.mean == pytest.approx(0.93)
    assert (interval.low, interval.high) == (pytest.approx(0.93 - reach), pytest.approx(0.93 + reach))
    assert interval.method == "t over 3 seeds"
    assert t_interval(np.array([0.90, 0.92, 0.97]), 0, 1).high == 1


@pytest.mark.parametrize("values", [[0.9, 0.9], [1.0, 1.0], [0.1 + 0.2, 0.3, 0.3]])
def test_equal_seeds_leave_the_mean_in_its_interval(values: list[float]) -> None:
    interval = t_interval(np.array(values), 0, 1)
    assert interval.low <= interval.mean <= interval.high
    assert interval.high - interval.low < 1e-9


def test_one_seed_gives_no_t_interval() -> None:
    with pytest.raises(ValueError, match="1 value, expected two or more"):
        t_interval(np.array([0.5]), 0, 1)


@pytest.mark.parametrize(("num_right", "number"), [(0, 10), (10, 10), (7, 10), (349, 360)])
def test_of_one_seed_the_interval_is_wilson_s(num_right: int, number: int) -> None:
    interval = accuracy_interval(np.arange(number) < num_right)
    theirs = binomtest(num_right, number).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))
    assert interval.low <= interval.mean == num_right / number <= interval.high


def test_frames_of_one_sign_count_once_in_the_interval() -> None:
    """Ten signs of 30 frames, each right or wrong as a whole, are as uncertain as ten samples."""
    right = np.repeat(np.arange(10) < 8, 30)
    grouped = accuracy_interval(right, np.repeat(np.arange(10), 30))
    reach = 2.262157 * np.sqrt(8 * 0.2**2 + 2 * 0.8**2) / 3 / np.sqrt(10)  # t(0.975, 9), s / sqrt(n).
    assert grouped.low == pytest.approx(0.8 - reach, abs=1e-6)
    assert grouped.high == 1
    alone = accuracy_interval(right)
    assert grouped.high - grouped.low > 4 * (alone.high - alone.low)


def test_of_one_seed_the_pooled_test_is_mcnemar_s() -> None:
    one = pair("+++---+-", "+-++++++")
    assert pooled_mcnemar([one]).p_value == pytest.approx(mcnemar(4, 1).p_value, rel=1e-12)
    assert (pooled_mcnemar([one]).num_fixed, pooled_mcnemar([one]).num_broken) == (4, 1)


def test_over_seeds_the_pooled_test_turns_each_sample_as_a_whole() -> None:
    """Every one of the 2 ** 8 ways to turn the samples round, each with its results of all seeds."""
    seeds = [("+++---+-", "+-++++++"), ("-++---+-", "++-+++--"), ("--------", "+--+----")]
    rises = [[(b == "+") - (a == "+") for a, b in zip(*each, strict=True)] for each in seeds]
    net = np.sum(rises, axis=0)
    sums = [abs(np.dot(signs, net)) for signs in itertools.product((1, -1), repeat=8)]
    expected = np.mean([each >= abs(net.sum()) for each in sums])
    assert pooled_mcnemar([pair(*each) for each in seeds]).p_value == pytest.approx(expected, rel=1e-12)


def test_the_same_result_with_every_seed_is_no_more_evidence() -> None:
    one = pair("+++---+-", "+-++++++")
    assert pooled_mcnemar([one] * 5).p_value == pytest.approx(pooled_mcnemar([one]).p_value, rel=1e-12)


def test_samples_of_one_group_count_as_one() -> None:
    """Four samples fixed, all of one group: a coin that fell once."""
    group_of = {f"s{number}": int(number < 4) for number in range(8)}
    assert pooled_mcnemar([pair("----++++", "++++++++")], group_of).p_value == 1.0
    assert pooled_mcnemar([pair("----++++", "++++++++")]).p_value == 2 / 2**4


def test_without_pairs_there_is_no_test() -> None:
    with pytest.raises(ValueError, match="no pair of tables"):
        pooled_mcnemar([])


def test_the_difference_of_one_seed_is_that_of_its_samples_or_of_its_groups() -> None:
    one = pair("+++---+-", "+-++++++")
    expected = accuracy_difference(4, 1, 8)
    change = difference_of_one_seed(one)
    assert (change.mean, change.low, change.high) == (expected.value, expected.low, expected.high)
    halves = difference_of_one_seed(one, {f"s{number}": number // 2 for number in range(8)})
    assert halves.mean == expected.value == 3 / 8
    # Net changes of the four pairs of samples: -1, +1, +2, +1; s^2 = 19 / 12; t(0.975, 3) = 3.182446.
    reach = 3.182446 * np.sqrt(sum((each - 3 / 4) ** 2 for each in (-1, 1, 2, 1)) * 4 / 3) / 8
    assert halves.low == pytest.approx(3 / 8 - reach, abs=1e-6)
