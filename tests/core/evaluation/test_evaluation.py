"""Numbers about mistakes: by hand on tiny tables, as scikit-learn and torchmetrics count on random ones."""

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn import metrics as sklearn_metrics
from torchmetrics.functional.classification import binary_calibration_error

from core.evaluation import confusion
from core.evaluation import metrics as evaluation
from core.evaluation.ranking.scores import scores_of
from core.evaluation.summary import summary
from core.predictions import prediction_table
from tests.support.tiny_evaluation import matrix_of


def _random(num_samples: int, num_classes: int, seed: int = 0) -> tuple[pa.Table, Any]:
    """A table of a model that is often right, and all its probabilities (N, C)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(num_classes, (num_samples,), generator=generator)
    logits = torch.randn(num_samples, num_classes, generator=generator, dtype=torch.float64)
    logits += 1.5 * torch.nn.functional.one_hot(labels, num_classes)
    ids = [str(each) for each in range(num_samples)]
    table = prediction_table.rows(logits, labels, sample_ids=ids, paths=ids, split="val")
    return table, logits.softmax(1).float().numpy()


def _tiny(label: list[int], predicted: list[int], p_predicted: list[float] | None = None) -> pa.Table:
    """Only what the metrics need; a wrong label is as improbable as the sample is sure."""
    sure = p_predicted or [0.75] * len(label)
    right = [a == b for a, b in zip(label, predicted, strict=True)]
    p_label = [p if fine else 1 - p for p, fine in zip(sure, right, strict=True)]
    return pa.table(
        {
            "label": pa.array(label, pa.int32()),
            "predicted": pa.array(predicted, pa.int32()),
            "p_label": pa.array(p_label, pa.float32()),
            "p_predicted": pa.array(sure, pa.float32()),
            "top5": pa.array([[each] for each in predicted], pa.list_(pa.int32())),
            "top5_probability": pa.array([[each] for each in sure], pa.list_(pa.float32())),
            "loss": pa.array([-math.log(max(p, 1e-9)) for p in p_label], pa.float32()),
            "margin": pa.array([2 * p - 1 for p in sure], pa.float32()),
        }
    )


# Class 2 has no samples, class 3 is never predicted.
HAND = _tiny([0, 0, 0, 1, 1, 3], [0, 0, 1, 1, 2, 0])


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
    table, probabilities = _random(400, num_classes)
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
    table, probabilities = _random(400, 12)
    expected = sklearn_metrics.top_k_accuracy_score(table["label"].to_numpy(), probabilities, k=5)
    assert 0.5 < expected < 1
    assert evaluation.metrics(table, 12).top5_accuracy == pytest.approx(expected)
    assert evaluation.metrics(_random(50, 4)[0], 4).top5_accuracy == 1


def test_rows_of_the_matrix_sum_to_class_counts_and_its_trace_to_the_accuracy() -> None:
    table, _ = _random(300, 7)
    found = evaluation.metrics(table, 7)
    matrix = found.confusion_matrix.whole()
    assert matrix.dtype == np.int64
    assert matrix.sum(1).tolist() == np.bincount(table["label"].to_numpy(), minlength=7).tolist()
    assert matrix.trace() / matrix.sum() == found.accuracy
    np.testing.assert_allclose(matrix.diagonal() / matrix.sum(1), found.per_class.recall)
    np.testing.assert_allclose(matrix.diagonal() / matrix.sum(0), found.per_class.precision)


def test_the_order_and_the_pieces_of_a_table_do_not_matter() -> None:
    table, _ = _random(200, 8)
    order = np.random.default_rng(1).permutation(200)
    shuffled = pa.concat_tables([table.take(order[:90]), table.take(order[90:])])
    names = [str(each) for each in range(8)]
    expected, found = (summary(each, names) for each in (table, shuffled))
    assert found.pop("per_class") == expected.pop("per_class")
    assert found.pop("confusion_matrix") == expected.pop("confusion_matrix")
    assert found.pop("areas_from") == expected.pop("areas_from")
    assert found == pytest.approx(expected, rel=1e-9)


def test_one_class_only_is_all_right_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    found = evaluation.metrics(_tiny([0, 0], [0, 0], [1.0, 1.0]), 1)
    assert (found.accuracy, found.balanced_accuracy, found.macro.f1, found.ece) == (1, 1, 1, 0)
    assert found.confusion_matrix.whole().tolist() == [[2]]
    assert not recwarn.list


def test_all_wrong_is_zero_everywhere_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    found = evaluation.metrics(_tiny([0, 1], [1, 0], [1.0, 1.0]), 2)
    assert (found.accuracy, found.macro.f1, found.weighted.precision, found.ece) == (0, 0, 0, 1)
    assert not recwarn.list


# What is refused.


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


# Calibration.


@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.6, 0.99, 1.0])
def test_with_a_constant_confidence_the_error_is_its_distance_from_the_accuracy(confidence: float) -> None:
    table = _tiny([0] * 8, [0, 0, 0, 0, 0, 1, 1, 1], [confidence] * 8)
    found = evaluation.metrics(table, 2)
    assert found.ece == pytest.approx(abs(confidence - 5 / 8), abs=1e-7)


def test_the_calibration_error_is_that_of_torchmetrics() -> None:
    table, _ = _random(500, 6)
    right = table["label"].to_numpy() == table["predicted"].to_numpy()
    confidence = torch.tensor(table["p_predicted"].to_numpy())
    expected = binary_calibration_error(confidence, torch.tensor(right).int(), n_bins=15)
    assert evaluation.metrics(table, 6).ece == pytest.approx(expected.item(), abs=1e-6)


def test_the_error_by_chance_is_the_mean_of_tables_whose_probabilities_are_true() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0.2, 1, 60)
    found = []
    for _ in range(300):
        right = random.random(60) < confidence
        table = _tiny([0] * 60, [int(not each) for each in right], confidence.tolist())
        found.append(evaluation.expected_calibration_error(evaluation.calibration_bins(table)))
    expected = evaluation.error_by_chance(table)
    assert expected == pytest.approx(np.mean(found), rel=0.1)
    assert expected > 0.1


def test_calibration_bins_by_hand() -> None:
    table = _tiny([0, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.625, 0.75, 1.0])
    found = evaluation.calibration_bins(table, num_bins=4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.count.tolist() == [0, 0, 2, 2]
    np.testing.assert_array_equal(found.confidence, [np.nan, np.nan, 0.5625, 0.875])
    np.testing.assert_array_equal(found.accuracy, [np.nan, np.nan, 0.5, 1.0])
    assert evaluation.expected_calibration_error(found) == (2 * 0.0625 + 2 * 0.125) / 4


def test_right_and_wrong_predictions_are_counted_apart_and_all() -> None:
    found = evaluation.confidence_histogram(_tiny([0, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.625, 0.75, 1.0]), 4)
    assert found.right.tolist() == [0, 0, 1, 2]
    assert found.wrong.tolist() == [0, 0, 1, 0]
    table, _ = _random(100, 3)
    found, measured = evaluation.confidence_histogram(table), evaluation.metrics(table, 3)
    assert (found.right.sum(), found.wrong.sum()) == (100 - measured.num_mistakes, measured.num_mistakes)


# Lists.


def test_the_most_confused_pairs_come_first_and_equal_ones_in_the_order_of_classes() -> None:
    matrix = matrix_of([[9, 1, 3], [3, 9, 0], [0, 1, 9]])
    found = confusion.most_counted(matrix, 3)
    assert [(each.label, each.predicted, each.count) for each in found] == [(0, 2, 3), (1, 0, 3), (0, 1, 1)]
    assert len(confusion.most_counted(matrix, 100)) == 4
    assert confusion.most_counted(matrix_of(np.diag([4, 5])), 3) == []


def test_the_numbers_of_many_classes_are_as_large_as_their_samples() -> None:
    """200,000 classes: a matrix of all of them would take 320 GB."""
    table = _tiny([199_999, 0, 7], [199_999, 7, 7])
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
    found = summary(_tiny(label, predicted), [str(each) for each in range(1200)])
    assert list(found["per_class"]) == [str(each) for each in range(1000)]


# The file.


def test_the_written_metrics_are_plain_json_by_class_name() -> None:
    names = ["cat", "crane", "dog", "crane"]
    found = json.loads(json.dumps(summary(HAND, names), allow_nan=False))
    assert found["accuracy"] == 0.5
    assert found["macro_recall"] == pytest.approx((2 / 3 + 1 / 2) / 4)
    assert {"balanced_accuracy", "top5_accuracy", "log_loss", "ece", "weighted_f1"} <= found.keys()
    assert list(found["per_class"]) == ["cat", "crane (1)", "dog", "crane (3)"]
    assert found["per_class"]["cat"] == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
        "support": 3,
        "roc_auc": None,
        "average_precision": None,
    }
    assert [found["per_class"]["dog"][name] for name in ("recall", "precision", "f1")] == [None, 0, 0]
    assert [found["per_class"]["crane (3)"][name] for name in ("recall", "precision", "f1")] == [0, None, 0]
    assert found["confusion_matrix"][0] == [2, 1, 0, 0]


def test_what_is_not_a_number_is_null_and_a_large_matrix_left_out() -> None:
    table = HAND.set_column(HAND.schema.get_field_index("loss"), "loss", pa.array([np.inf] * 6, pa.float32()))
    found = summary(table, [str(each) for each in range(201)])
    assert found["log_loss"] is None
    assert "confusion_matrix" not in found
    json.dumps(found, allow_nan=False)
    assert len(summary(HAND, ["x"] * 200)["confusion_matrix"]) == 200


def test_without_the_scores_of_all_classes_no_area_is_written_and_it_is_said_why() -> None:
    """Tables of other programs, or older ones: here only the prediction is known."""
    found = summary(HAND, ["a", "b", "c", "d"])
    assert {each["roc_auc"] for each in found["per_class"].values()} == {None}
    names = ("macro_roc_auc", "macro_average_precision", "macro_roc_auc_error")
    assert [found[name] for name in names] == [None] * 3
    assert found["areas_from"].startswith(
        "nothing: the predictions table has only the five most probable classes"
    )
    assert found["top5_accuracy"] is None


def test_the_mean_area_is_that_of_scikit_learn() -> None:
    table, probabilities = _random(300, 4)
    exact = probabilities.astype(float) / probabilities.sum(1, dtype=float)[:, None]
    expected = sklearn_metrics.roc_auc_score(table["label"].to_numpy(), exact, multi_class="ovr")
    assert summary(table, list("abcd"))["macro_roc_auc"] == pytest.approx(expected)


def test_a_single_class_has_no_areas(recwarn: pytest.WarningsRecorder) -> None:
    found = summary(_tiny([0, 0], [0, 0]), ["only"])
    assert (found["macro_roc_auc"], found["macro_average_precision"], found["accuracy"]) == (None, None, 1)
    assert found["areas_from"] == "the probabilities of all classes"
    assert not recwarn.list
