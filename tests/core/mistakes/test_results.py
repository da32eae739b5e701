"""The table behind the pages: its numbers, its splits, and tables that are none."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from core.checkpoints import store
from core.checkpoints.paths import PREDICTIONS
from core.checkpoints.store import Card
from core.errors import CheckpointError, EvaluationError
from core.evaluation.ranking.areas import ranking
from core.mistakes import results
from core.models import registry
from core.predictions import prediction_table

ARCHITECTURE = "seewhy:chollet-mnist"
CLASSES = ("crane", "crane", *"abcdefgh")


def _table(num_samples: int, split: str, seed: int) -> pa.Table:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(5, (num_samples,), generator=generator)
    logits = torch.randn(num_samples, len(CLASSES), generator=generator)
    logits += 2 * torch.nn.functional.one_hot(labels, len(CLASSES))
    ids = [f"{split}/{each}" for each in range(num_samples)]
    return prediction_table.rows(logits, labels, sample_ids=ids, paths=ids, split=split)


@pytest.fixture
def folder() -> Path:
    """A checkpoint without weights, whose table has two splits."""
    card = Card(ARCHITECTURE, CLASSES, registry.default_preprocess(ARCHITECTURE))
    made = store.create("mine", card)
    both = pa.concat_tables([_table(40, "train", 0), _table(60, "val", 1)])
    prediction_table.write(made / PREDICTIONS, both)
    return made


def test_the_validation_split_is_read_unless_another_is_named(folder: Path) -> None:
    assert [results.read(folder, split).split for split in (None, "train", "nothing")] == [
        "val",
        "train",
        "val",
    ]
    assert results.read(folder).splits == ("train", "val")
    assert results.read(folder, "train").table.num_rows == 40


def test_the_numbers_are_of_that_split_alone(folder: Path) -> None:
    found, rows = results.read(folder), _table(60, "val", 1).to_pandas()
    assert found.metrics.accuracy == (rows["label"] == rows["predicted"]).mean()
    assert found.metrics.num_samples == found.metrics.confusion_matrix.count.sum() == 60


def test_a_sample_is_found_by_its_name_in_any_split(folder: Path) -> None:
    for split, table in (("train", _table(40, "train", 0)), ("val", _table(60, "val", 1))):
        found = results.sample(folder, f"{split}/7")
        assert found is not None
        assert (found.split, found.label) == (split, table["label"][7].as_py())
    assert results.sample(folder, "val/60") is None


def test_namesakes_are_told_apart(folder: Path) -> None:
    assert results.read(folder).class_names[:3] == ("crane (0)", "crane (1)", "a")


def test_the_table_of_classes_is_scikit_learns(folder: Path) -> None:
    found, rows = results.read(folder), _table(60, "val", 1).to_pandas()
    classes = results.class_table(found, ranking(found.scores))
    occurs = sorted(set(rows["label"]) | set(rows["predicted"]))
    assert sorted(classes["class_idx"]) == occurs
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(
        rows["label"], rows["predicted"], labels=classes["class_idx"], zero_division=0
    )
    shown = classes[["precision", "recall", "f1"]].fillna(0)
    np.testing.assert_allclose(shown, np.stack([precision, recall, f1], 1))
    assert classes["roc_auc"].notna().all() == (support > 0).all()
    assert classes["support"].tolist() == support.tolist()
    assert classes["f1"].is_monotonic_increasing
    assert classes["mistakes"].sum() == found.metrics.num_mistakes


def test_the_smallest_class_is_one_that_has_samples() -> None:
    assert results.class_sizes(np.array([3, 0, 7, 2, 0])) == results.ClassSizes(3, 2, 7, 3, 2)
    assert results.class_sizes(np.array([0, 5])) == results.ClassSizes(1, 1, 5, 1, 5)


def test_without_a_table_it_is_said_how_to_get_one(folder: Path) -> None:
    (folder / PREDICTIONS).unlink()
    with pytest.raises(EvaluationError, match="no predictions yet; run: python -m core evaluate mine"):
        results.read(folder)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1"])
def test_a_damaged_table_is_named(folder: Path, content: bytes) -> None:
    (folder / PREDICTIONS).write_bytes(content)
    with pytest.raises(CheckpointError, match="not a readable predictions table"):
        results.read(folder)


def test_a_table_cut_short_is_named(folder: Path) -> None:
    whole = (folder / PREDICTIONS).read_bytes()
    (folder / PREDICTIONS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="not a readable predictions table"):
        results.read(folder)


@pytest.mark.parametrize("column", ["loss", "top5", "split"])
def test_a_missing_column_is_named(folder: Path, column: str) -> None:
    prediction_table.write(folder / PREDICTIONS, _table(5, "val", 0).drop_columns([column]))
    with pytest.raises(CheckpointError, match=f"lacks a column '{column}'"):
        results.read(folder)


def test_a_column_of_another_kind_is_named(folder: Path) -> None:
    rows = _table(5, "val", 0).to_pandas()
    rows["label"] = "cat"
    prediction_table.write(folder / PREDICTIONS, pa.Table.from_pandas(rows))
    with pytest.raises(CheckpointError, match="lacks a column 'label'"):
        results.read(folder)


def test_a_table_without_rows_is_named(folder: Path) -> None:
    prediction_table.write(folder / PREDICTIONS, _table(5, "val", 0).slice(0, 0))
    with pytest.raises(CheckpointError, match="has no rows"):
        results.read(folder)


@pytest.mark.parametrize("strange", [-1, len(CLASSES)])
def test_classes_that_the_checkpoint_does_not_have_are_named(folder: Path, strange: int) -> None:
    rows = _table(5, "val", 0).to_pandas()
    rows["predicted"] = pd.array([strange, 0, 0, 0, 0], dtype="int32").to_numpy()
    prediction_table.write(folder / PREDICTIONS, pa.Table.from_pandas(rows))
    with pytest.raises(CheckpointError, match=f"has {strange} in 'predicted': expected a class, 0 "):
        results.read(folder)


def test_shipped_predictions_are_listed() -> None:
    assert {"digits", "malaria", "signs-bn"} <= set(results.available())
    assert "imagenet" not in results.available()
