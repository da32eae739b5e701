"""What the confusion matrix shows: numbers of the table, darkness that hides no mistake, classes in order."""

import numpy as np
import pytest

from core.evaluation.comparing.comparison import Matrices
from core.evaluation.matrix_view import (
    BY_LABEL,
    BY_PREDICTION,
    COUNTS,
    NUMBERS,
    change,
    chosen,
    classes_of_most_confused,
    ordered,
    side_by_side,
    view,
)
from tests.support.stored.tiny_evaluation import matrix_of

# Class 3 has no samples; class 0 is by far the largest.
CELLS = np.array([[90, 1, 3, 0], [2, 4, 0, 0], [0, 7, 1, 0], [0, 0, 0, 0]])
MATRIX = matrix_of(CELLS)


def test_counts_are_those_of_the_matrix_in_the_order_asked_for() -> None:
    found = view(MATRIX, np.array([2, 0]))
    assert found.counts.tolist() == [[1, 0], [3, 90]]
    assert found.text == (("1", ""), ("3", "90"))
    assert found.num_mistakes == 3


def test_shares_are_of_all_classes_not_of_the_few_shown() -> None:
    assert view(MATRIX, np.array([0, 2]), BY_LABEL).text == (("96", "3"), ("", "12"))
    assert view(MATRIX, np.array([0, 2]), BY_PREDICTION).text == (("98", "75"), ("", "25"))


def test_a_share_that_rounds_to_nothing_is_not_drawn_as_nothing() -> None:
    assert view(matrix_of([[999, 1], [0, 0]]), np.array([0, 1]), BY_LABEL).text[0] == ("100", "<1")


def test_large_counts_have_separators() -> None:
    assert view(matrix_of([[12_345]]), np.array([0])).text == (("12,345",),)


@pytest.mark.parametrize("numbers", NUMBERS)
def test_the_largest_mistake_is_as_dark_as_the_largest_right_cell(numbers: str) -> None:
    found = view(MATRIX, np.arange(4), numbers)
    off = found.shade - np.diag(found.shade.diagonal())
    assert found.shade.diagonal().max() == off.max() == 1
    assert found.shade.min() == 0
    assert ((found.shade > 0) == (CELLS > 0)).all()


def test_darker_is_more() -> None:
    found = view(MATRIX, np.arange(4), COUNTS)
    assert found.shade[0, 1] < found.shade[1, 0] < found.shade[0, 2] < found.shade[2, 1]


def test_without_mistakes_nothing_is_dark_but_the_diagonal() -> None:
    found = view(matrix_of(np.diag([3, 5])), np.arange(2))
    assert found.shade.tolist() == [[pytest.approx((3 / 5) ** 0.55), 0], [0, 1]]
    assert found.num_mistakes == 0


def test_classes_are_sorted_by_size_or_by_mistakes_to_and_from_them() -> None:
    assert ordered(MATRIX, "given").tolist() == [0, 1, 2, 3]
    assert ordered(MATRIX, "support").tolist() == [0, 2, 1, 3]
    # Mistakes from and to: 0 has 4 + 2, 1 has 2 + 8, 2 has 7 + 3.
    assert ordered(MATRIX, "confused").tolist() == [1, 2, 0, 3]
    assert chosen(MATRIX, "confused", [0, 3, 2]).tolist() == [2, 0, 3]


def test_the_few_classes_are_those_of_the_most_frequent_mistakes() -> None:
    assert classes_of_most_confused(MATRIX, 2) == [1, 2]
    assert classes_of_most_confused(MATRIX, 3) == [0, 1, 2]
    assert classes_of_most_confused(matrix_of(np.diag([1, 2, 3])), 2) == [0, 1]


AFTER = np.array([[93, 0, 1, 0], [2, 1, 3, 0], [0, 0, 8, 0], [0, 0, 0, 0]])
BOTH = Matrices(MATRIX, matrix_of(AFTER), matrix_of(AFTER).minus(MATRIX))
ALL_FOUR = np.arange(4)


def test_a_change_is_written_with_its_sign_and_is_good_where_right_ones_grow_or_mistakes_shrink() -> None:
    found = change(BOTH, np.array([0, 1]))
    assert found.text == (("+3", "−1"), ("", "−3"))
    assert found.counts.tolist() == [[3, -1], [0, -3]]
    assert found.good.tolist() == [[True, True], [True, False]]
    assert found.num_mistakes == -1
    assert found.shade[0, 0] == found.shade[1, 1] == 1.0


def test_beside_each_other_the_same_count_is_equally_dark() -> None:
    first, second = side_by_side(BOTH, ALL_FOUR)
    assert first.counts.tolist() == CELLS.tolist()
    assert second.counts.tolist() == AFTER.tolist()
    assert first.shade[1, 0] == second.shade[1, 0] > 0
    assert first.shade.max() == first.shade[2, 1] == 1.0
    assert second.shade[1, 2] < 1.0 == second.shade[0, 0]
    assert second.good.tolist() == np.eye(4, dtype=bool).tolist()


def test_the_classes_of_the_mistakes_that_changed_most_come_first() -> None:
    assert classes_of_most_confused(BOTH.difference, 2) == [1, 2]
    assert classes_of_most_confused(BOTH.difference, 3) == [0, 1, 2]
    assert classes_of_most_confused(matrix_of(np.zeros((4, 4), int)), 2) == [0, 1]
