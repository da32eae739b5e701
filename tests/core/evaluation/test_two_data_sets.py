"""One network on two data sets: intervals and tests against published and scipy's numbers, and the words."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from scipy.stats import fisher_exact

from core.evaluation.comparing import two_data_sets
from core.evaluation.comparing.two_data_sets import difference_of_shares, shift, shift_table
from core.predictions.prediction_table import rows

NAMES = ("cat", "dog", "owl")


def table(label: list[int], predicted: list[int], name: str, sureness: float = 4.0) -> pa.Table:
    """Rows of these labels and predictions; ids are ``name/0`` and so on."""
    logits = sureness * torch.nn.functional.one_hot(torch.tensor(predicted), len(NAMES)).float()
    ids = [f"{name}/{index}" for index in range(len(label))]
    return rows(logits, torch.tensor(label), sample_ids=ids, paths=ids, split="val")


FIRST = table([0] * 30 + [1] * 10, [0] * 30 + [1] * 9 + [0], "first")
SECOND = table([0] * 20 + [1] * 20, [0] * 18 + [1] * 2 + [1] * 4 + [0] * 16, "second")


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe 1998, table II, method 10.
        (((48, 80), (56, 70)), 0.0524, 0.3339),
        (((3, 10), (9, 10)), 0.1705, 0.8090),
        (((0, 29), (5, 56)), -0.0381, 0.1926),
        (((0, 20), (10, 10)), 0.6791, 1.0),
        (((0, 20), (0, 10)), -0.1611, 0.2775),
    ],
)
def test_intervals_are_the_published_ones(
    counts: tuple[tuple[int, int], tuple[int, int]], low: float, high: float
) -> None:
    (right_1, total_1), (right_2, total_2) = counts
    found = difference_of_shares(
        (np.array([right_1]), np.array([right_2])), (np.array([total_1]), np.array([total_2]))
    )
    assert [float(each[0]) for each in found] == pytest.approx(
        [right_2 / total_2 - right_1 / total_1, low, high], abs=1e-4
    )


def test_accuracies_their_difference_and_the_test_are_those_of_the_counts() -> None:
    found = shift(FIRST, SECOND, len(NAMES))
    assert (found.first.num_samples, found.first.num_right) == (40, 39)
    assert (found.second.num_samples, found.second.num_right) == (40, 22)
    assert found.difference.value == pytest.approx(22 / 40 - 39 / 40)
    assert found.difference.low < found.difference.value < found.difference.high < 0
    assert found.p_value == pytest.approx(fisher_exact([[39, 1], [22, 18]]).pvalue)
    assert found.first.confidence == pytest.approx(FIRST["p_predicted"].to_numpy().mean())
    assert found.num_shared == 0


def test_what_is_in_both_is_counted() -> None:
    both = pa.concat_tables([FIRST.slice(0, 7), SECOND])
    assert shift(FIRST, both, len(NAMES)).num_shared == 7


def test_each_class_has_its_recalls_and_no_number_where_it_has_no_samples() -> None:
    found = shift(FIRST, SECOND, len(NAMES)).classes
    assert found.first_support.tolist() == [30, 10, 0]
    np.testing.assert_allclose(found.first, [1, 0.9, np.nan])
    np.testing.assert_allclose(found.second, [0.9, 0.2, np.nan])
    np.testing.assert_allclose(found.change, [-0.1, -0.7, np.nan])
    expected = difference_of_shares(
        (np.array([30, 9]), np.array([18, 4])), (np.array([30, 10]), np.array([20, 20]))
    )
    np.testing.assert_allclose(found.low[:2], expected[1])
    np.testing.assert_allclose(found.high[:2], expected[2])


def test_the_same_mix_of_classes_takes_the_recalls_of_the_second() -> None:
    found = shift(FIRST, SECOND, len(NAMES))
    assert found.same_mix == pytest.approx((30 * 0.9 + 10 * 0.2) / 40)
    assert shift(FIRST, SECOND.slice(0, 20), len(NAMES)).same_mix is None
    assert two_data_sets.mix(shift(FIRST, SECOND.slice(0, 20), len(NAMES)), "a", "b") == ""


def test_classes_are_listed_the_deepest_fall_first_and_those_of_one_side_last() -> None:
    second = pa.concat_tables([SECOND, table([2, 2], [2, 0], "owls")])
    listed = shift_table(shift(FIRST, second, len(NAMES)).classes, NAMES)
    assert listed["name"].tolist() == ["dog", "cat", "owl"]
    assert listed["change"].tolist()[:2] == pytest.approx([-70, -10])
    assert pd.isna(listed["change"].iloc[2])
    assert listed["after"].tolist() == pytest.approx([20, 90, 50])
    assert listed["second_support"].tolist() == [20, 20, 2]


def test_the_story_is_told_in_words() -> None:
    found = shift(FIRST, SECOND, len(NAMES))
    assert two_data_sets.headline(found, "net", "old", "new").startswith(
        "net is right on 97.5% of 40 images of old and on 55.0% of 40 images of new: −42.5 points, "
    )
    said = two_data_sets.in_words(found, "old", "new")
    assert "no pairs of predictions" in said
    assert "It is very unlikely that chance alone makes new look harder." in said
    assert "in both" not in said
    assert two_data_sets.sureness(found, "old", "new") == (
        "Mean confidence: 96.5% on old, where accuracy is 97.5%; 96.5% on new, where accuracy is 55.0%."
    )
    assert two_data_sets.mix(found, "old", "new") == (
        "With the class frequencies of old, accuracy on new would be 72.5%."
    )
    assert two_data_sets.counted(found).startswith("Fisher's exact test of two independent")


def test_what_may_be_chance_is_called_so_and_what_is_shared_is_said() -> None:
    found = shift(FIRST, FIRST.slice(1), len(NAMES))
    assert found.p_value == 1
    said = two_data_sets.in_words(found, "old", "new")
    assert "Chance alone could explain such a difference." in said
    assert "39 images are in both" in said


def test_a_fall_that_chance_makes_rarely_is_called_unlikely() -> None:
    label = [0] * 20
    first, second = (table(label, [0] * right + [1] * (20 - right), str(right)) for right in (19, 13))
    found = shift(first, second, len(NAMES))
    assert 0.01 < found.p_value < 0.05
    assert "unlikely, but possible, that chance alone makes new look harder" in two_data_sets.in_words(
        found, "old", "new"
    )
