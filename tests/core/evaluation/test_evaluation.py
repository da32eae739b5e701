"""Numbers about mistakes: by hand on tiny tables, as scikit-learn and torchmetrics count on random ones."""

import math

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sklearn_metrics

from core.evaluation import confusion
from core.evaluation import metrics as evaluation
from core.evaluation.ranking.scores import scores_of
from core.evaluation.summary import summary
from tests.support.results.small_tables import HAND, random_table, table_of
from tests.support.stored.tiny_evaluation import matrix_of


def test_a_table_by_hand() -> None:
    found = evaluation.metrics(HAND, 4)
    assert found.confusion_matrix.whole().tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert (found.num_samples, found.num_mistakes, found.accuracy) == (6, 3, 0.5)
    assert found.majority_baseline == 0.5
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    np.testing.assert_allclose(found.per_class.recall, [2 / 3, 1 / 2, np.nan, 0])
    np.testing.assert_allclose(found.per_class.precision, [2 / 3, 1 / 2, 0, np.nan])
    assert found.per_class.f1 == pytest.approx([2 / 3, 1 / 2, 0, 0])
    assert found.per_class.support.tolist() == [3, 2, 0, 1]
    assert found.macro.recall == pytest.approx((2 / 3 + 1 / 2) / 4)
    assert found.weighted.recall == pytest.approx(found.accuracy)
    assert found.log_loss == pytest.approx((3 * math.log(4 / 3) + 3 * math.log(4)) / 6)
    assert found.ece == pytest.approx(0.25)


def test_precision_and_recall_of_nothing_are_not_a_number_and_f1_only_of_neither() -> None:
    found = evaluation.metrics(HAND, 5).per_class
    assert np.flatnonzero(np.isnan(found.recall)).tolist() == [2, 4]
    assert np.flatnonzero(np.isnan(found.precision)).tolist() == [3, 4]
    assert np.flatnonzero(np.isnan(found.f1)).tolist() == [4]


@pytest.mark.parametrize("num_classes", [2, 3, 12])
def test_metrics_are_those_of_scikit_learn(num_classes: int) -> None:
    table, probabilities = random_table(400, num_classes)
    found = evaluation.metrics(table, num_classes)
    pair = (table["label"].to_numpy(), table["predicted"].to_numpy())
    assert found.accuracy == pytest.approx(sklearn_metrics.accuracy_score(*pair))
    assert found.balanced_accuracy == pytest.approx(sklearn_metrics.balanced_accuracy_score(*pair))
    exact = probabilities.astype(float) / probabilities.sum(1, dtype=float)[:, None]
    assert found.log_loss == pytest.approx(sklearn_metrics.log_loss(pair[0], exact), rel=1e-5)
    each = (found.per_class.precision, found.per_class.recall, found.per_class.f1, found.per_class.support)
    expected = sklearn_metrics.precision_recall_fscore_support(*pair, zero_division=0)
    np.testing.assert_allclose(each, expected, rtol=1e-12)
    for kind, average in (("macro", found.macro), ("weighted", found.weighted)):
        expected = sklearn_metrics.precision_recall_fscore_support(*pair, average=kind, zero_division=0)
        assert (average.precision, average.recall, average.f1) == pytest.approx(expected[:3])


def test_averages_over_missing_classes_are_those_of_scikit_learn() -> None:
    found = evaluation.metrics(HAND, 9)
    pair = (HAND["label"].to_numpy(), HAND["predicted"].to_numpy())
    for kind, average in (("macro", found.macro), ("weighted", found.weighted)):
        expected = sklearn_metrics.precision_recall_fscore_support(*pair, average=kind, zero_division=0)
        assert (average.precision, average.recall, average.f1) == pytest.approx(expected[:3])


def test_top_five_accuracy_is_that_of_scikit_learn_and_1_for_few_classes() -> None:
    table, probabilities = random_table(400, 12)
    expected = sklearn_metrics.top_k_accuracy_score(table["label"].to_numpy(), probabilities, k=5)
    assert 0.5 < expected < 1
    assert evaluation.metrics(table, 12).top5_accuracy == pytest.approx(expected)
    assert evaluation.metrics(random_table(50, 4)[0], 4).top5_accuracy == 1


def test_rows_of_the_matrix_sum_to_class_counts_and_its_trace_to_the_accuracy() -> None:
    table, _ = random_table(300, 7)
    found = evaluation.metrics(table, 7)
    matrix = found.confusion_matrix.whole()
    assert matrix.dtype == np.int64
    assert matrix.sum(1).tolist() == np.bincount(table["label"].to_numpy(), minlength=7).tolist()
    assert matrix.trace() / matrix.sum() == found.accuracy
    np.testing.assert_allclose(matrix.diagonal() / matrix.sum(1), found.per_class.recall)
    np.testing.assert_allclose(matrix.diagonal() / matrix.sum(0), found.per_class.precision)


def test_the_order_and_the_pieces_of_a_table_do_not_matter() -> None:
    table, _ = random_table(200, 8)
    order = np.random.default_rng(1).permutation(200)
    shuffled = pa.concat_tables([table.take(order[:90]), table.take(order[90:])])
    names = [str(each) for each in range(8)]
    expected, found = (summary(each, names) for each in (table, shuffled))
    assert found.pop("per_class") == expected.pop("per_class")
    assert found.pop("confusion_matrix") == expected.pop("confusion_matrix")
    assert found.pop("areas_from") == expected.pop("areas_from")
    assert found == pytest.approx(expected, rel=1e-9)


def test_one_class_only_is_all_right_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    found = evaluation.metrics(table_of([0, 0], [0, 0], [1.0, 1.0]), 1)
    assert (found.accuracy, found.balanced_accuracy, found.macro.f1, found.ece) == (1, 1, 1, 0)
    assert found.confusion_matrix.whole().tolist() == [[2]]
    assert not recwarn.list


def test_all_wrong_is_zero_everywhere_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    found = evaluation.metrics(table_of([0, 1], [1, 0], [1.0, 1.0]), 2)
    assert (found.accuracy, found.macro.f1, found.weighted.precision, found.ece) == (0, 0, 0, 1)
    assert not recwarn.list


def test_a_table_without_rows_is_refused() -> None:
    for function in (evaluation.calibration_bins, evaluation.confidence_histogram):
        with pytest.raises(ValueError, match="no rows"):
            function(HAND.slice(0, 0))
    with pytest.raises(ValueError, match="no rows"):
        evaluation.metrics(HAND.slice(0, 0), 4)
    with pytest.raises(ValueError, match="no rows"):
        scores_of(HAND.slice(0, 0), 4)


def test_classes_beyond_their_number_are_refused() -> None:
    with pytest.raises(ValueError, match="label 0 to 3, expected 0 to 2"):
        evaluation.metrics(HAND, 3)
    with pytest.raises(ValueError, match="predicted -1 to 0, expected 0 to 1"):
        confusion.confusion_matrix(np.array([0, 1]), np.array([-1, 0]), 2)


def test_lists_of_different_lengths_are_refused() -> None:
    table = pa.table({"top5": [[1, 2, 3], [1]]})
    with pytest.raises(ValueError, match="'top5' have 1 to 3 values"):
        evaluation.lists(table, "top5")


def test_the_most_confused_pairs_come_first_and_equal_ones_in_the_order_of_classes() -> None:
    matrix = matrix_of([[9, 1, 3], [3, 9, 0], [0, 1, 9]])
    found = confusion.most_counted(matrix, 3)
    assert [(each.label, each.predicted, each.count) for each in found] == [(0, 2, 3), (1, 0, 3), (0, 1, 1)]
    assert len(confusion.most_counted(matrix, 100)) == 4
    assert confusion.most_counted(matrix_of(np.diag([4, 5])), 3) == []


def test_the_numbers_of_many_classes_are_as_large_as_their_samples() -> None:
    """200,000 classes: a matrix of all of them would take 320 GB."""
    table = table_of([199_999, 0, 7], [199_999, 7, 7])
    found = evaluation.metrics(table, 200_000)
    assert (found.accuracy, found.balanced_accuracy) == (2 / 3, 2 / 3)
    matrix = found.confusion_matrix
    assert len(matrix.count) == 3
    assert matrix.part([7, 0, 199_999]).tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    written = summary(table, [str(each) for each in range(200_000)])
    assert list(written["per_class"]) == ["0", "7", "199999"]


def test_of_more_than_a_thousand_classes_the_worst_are_written() -> None:
    label = list(range(1100))
    predicted = [each if each >= 1000 else (each + 1) % 1000 for each in label]
    found = summary(table_of(label, predicted), [str(each) for each in range(1200)])
    assert list(found["per_class"]) == [str(each) for each in range(1000)]
