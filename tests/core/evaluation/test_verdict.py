"""What is said of two checkpoints: numbers from the piles by hand, and groups instead of samples."""

import numpy as np
import pyarrow as pa
import pytest

from core.evaluation.comparing.comparison import Pair, Piles
from core.evaluation.comparing.significance import AccuracyDifference, McNemar, accuracy_difference, mcnemar
from core.evaluation.comparing.verdict import Verdict, by_group, counted, headline, verdict

# Ten samples in four films: the second fixes three of film 0, breaks one of film 1.
PILES = Piles(
    both_right=np.array([4, 5]), fixed=np.array([0, 1, 2]), broken=np.array([3]), both_wrong=np.arange(6, 10)
)
FILMS = np.array([7, 7, 7, 2, 2, 2, 3, 3, 3, 9])


def _table(predicted: list[int]) -> pa.Table:
    ids = [f"{each}.png" for each in range(10)]
    zeros = np.zeros(10)
    return pa.table(
        {
            "sample_id": ids,
            "label": np.zeros(10, int),
            "predicted": predicted,
            "p_label": zeros,
            "margin": zeros,
            "loss": zeros,
        }
    )


FIRST, SECOND = [1, 1, 1, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 0, 0, 1, 1, 1, 1]
PAIR = Pair(_table(FIRST), _table(SECOND), ("a", "b"), 0, 0, (), ())


def test_accuracies_difference_and_test_are_those_of_the_piles() -> None:
    found = verdict(PILES, None)
    assert (found.num_samples, found.first_accuracy, found.second_accuracy) == (10, 0.3, 0.5)
    assert found.difference == accuracy_difference(3, 1, 10)
    assert found.test == mcnemar(3, 1)
    assert found.num_groups is None


def test_groups_are_counted_instead_of_samples_where_there_are_any() -> None:
    """Two films differ, by +3 and by −1: every sign is a toss, and two of four are at least as uneven."""
    change = by_group(PAIR, list(PAIR.first["sample_id"].to_pylist())[::-1], FILMS[::-1])
    found = verdict(PILES, change)
    assert found.num_groups == 4
    assert found.test.groups == (1, 1)
    assert found.test.p_value == 1.0
    assert found.difference.value == pytest.approx(0.2)
    assert found.difference.low < accuracy_difference(3, 1, 10).low


def test_where_samples_are_in_no_group_or_all_in_one_each_counts_for_itself() -> None:
    ids = PAIR.first["sample_id"].to_pylist()
    assert by_group(PAIR, ids, None) is None
    assert by_group(PAIR, ids[1:], FILMS[1:]) is None
    assert by_group(PAIR, ids, np.zeros(10, int)) is None


def _verdict(low: float, high: float, p_value: float = 0.03, num_groups: int | None = None) -> Verdict:
    difference = AccuracyDifference((low + high) / 2, low, high)
    return Verdict(1056, 0.891, 1.0, difference, McNemar(28, 0, p_value), num_groups)


def test_the_sentence_has_both_accuracies_the_points_and_the_interval() -> None:
    assert headline(_verdict(0.069, 0.149), "old", "new") == (
        "new is right on 100.0% of 1,056 samples, old on 89.1%: +10.9 points, 95% interval 6.9 to 14.9"
    )


def test_an_interval_on_both_sides_of_nothing_says_so_by_its_signs() -> None:
    assert headline(_verdict(-0.05, 0.03), "old", "new").endswith("−1.0 points, 95% interval −5.0 to +3.0")
    assert headline(_verdict(-0.02, 0.02), "old", "new").endswith("0.0 points, 95% interval −2.0 to +2.0")


def test_the_small_print_says_what_was_counted() -> None:
    assert (
        counted(_verdict(0, 1))
        == "McNemar's test, exact, p = 0.03; the 1,056 samples are taken as independent"
    )
    assert counted(_verdict(0, 1, 1e-9, 150)) == (
        "McNemar's test over groups, exact, p < 0.0001; the 150 groups of 1,056 samples are taken as "
        "independent"
    )
