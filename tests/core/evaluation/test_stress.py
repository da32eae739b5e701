"""Accuracy under stress: by hand, by class, and which samples flip."""

import numpy as np
import pytest

from core.evaluation.drift.stress import Degradation, steps

VARIANTS = [Degradation(), Degradation("blur", 1), Degradation("blur", 2)]
LABELS = np.array([0, 0, 1, 1])
PREDICTED = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 1], [0, 1, 1]])


def test_accuracies_and_flips_are_counted_by_hand() -> None:
    plain, mild, strong = steps(LABELS, VARIANTS, PREDICTED, 3)
    assert [each.accuracy for each in (plain, mild, strong)] == [0.75, 0.75, 0.5]
    np.testing.assert_array_equal(plain.per_class, [1, 0.5, np.nan])
    np.testing.assert_array_equal(strong.per_class, [0, 1, np.nan])
    assert [each.flipped.tolist() for each in (plain, mild, strong)] == [[], [1], [0, 1]]
    assert mild.low < 0.75 < mild.high


def test_the_photos_as_they_are_come_first() -> None:
    with pytest.raises(ValueError, match="expected the photos as they are"):
        steps(LABELS, VARIANTS[1:], PREDICTED[:, 1:], 3)
