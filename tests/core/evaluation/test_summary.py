"""The written metrics are plain JSON by class name."""

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sklearn_metrics

from core.evaluation.summary import summary
from tests.support.results.small_tables import HAND, random_table, table_of


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
    table, probabilities = random_table(300, 4)
    exact = probabilities.astype(float) / probabilities.sum(1, dtype=float)[:, None]
    expected = sklearn_metrics.roc_auc_score(table["label"].to_numpy(), exact, multi_class="ovr")
    assert summary(table, list("abcd"))["macro_roc_auc"] == pytest.approx(expected)


def test_a_single_class_has_no_areas(recwarn: pytest.WarningsRecorder) -> None:
    found = summary(table_of([0, 0], [0, 0]), ["only"])
    assert (found["macro_roc_auc"], found["macro_average_precision"], found["accuracy"]) == (None, None, 1)
    assert found["areas_from"] == "the probabilities of all classes"
    assert not recwarn.list
