"""Wrong labels of an evaluation: the list of a page, and the file of the command."""

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from core.__main__ import main
from core.checkpoints import store
from core.checkpoints.paths import PREDICTIONS, VARIABLE
from core.mistakes import wrong_labels
from core.predictions import prediction_table
from tests.support.results.small_tables import random_table
from tests.support.stored.tiny_evaluation import random_checkpoint

CLASSES = ("ape", "=bee", "cat")


def _written(folder: Path, table: pa.Table, fingerprint: str | None = None) -> Path:
    """A checkpoint of three classes with this table."""
    made = random_checkpoint(folder.name, CLASSES)
    if fingerprint:
        store.update(made, replace(store.read_card(made), data={"fingerprint": fingerprint}))
    prediction_table.write(made / PREDICTIONS, table)
    return made


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path / "mine"


def test_every_label_is_listed_once_with_the_class_that_is_predicted(place: Path) -> None:
    table, _ = random_table(60, 3)
    wrong = wrong_labels.read(_written(place, table))
    rows = pd.read_csv(io.BytesIO(wrong_labels.csv_of(wrong)), dtype={"sample_id": str})
    assert list(rows.columns) == ["sample_id", "path", "given", "suggested", "score", "suspect"]
    assert sorted(rows["sample_id"]) == sorted(table["sample_id"].to_pylist())
    assert rows["score"].is_monotonic_increasing
    assert (rows["suspect"] == "yes").sum() == wrong.num_suspects > 0
    names = dict(enumerate(["ape", "'=bee", "cat"]))  # No spreadsheet runs a name as a formula.
    known = table.to_pandas().set_index("sample_id").loc[rows["sample_id"]]
    assert rows["given"].tolist() == known["label"].map(names).tolist()
    assert rows["suggested"].tolist() == known["predicted"].map(names).tolist()


def test_samples_of_the_training_are_counted_and_cautioned_against(place: Path) -> None:
    table, _ = random_table(40, 3)
    table = table.set_column(2, "split", pa.array(["train"] * 30 + ["val"] * 10))
    wrong = wrong_labels.read(_written(place, table, fingerprint="abc"))
    assert wrong.num_trained_on == 30
    assert "30 of 40 samples were used in training" in (wrong.caution or "")


def test_samples_that_are_not_of_the_training_need_no_caution(place: Path) -> None:
    table, _ = random_table(40, 3)
    assert wrong_labels.read(_written(place, table)).caution is None


def test_the_command_writes_the_list(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, _ = random_table(60, 3)
    _written(place, table)
    out = place.parent / "out"
    assert main(["labels", "mine", "--out", str(out)]) == 0
    wrong = wrong_labels.read(place)
    assert (out / "labels.csv").read_bytes() == wrong_labels.csv_of(wrong)
    assert f"{wrong.num_suspects} of 60 labels" in capsys.readouterr().out


def test_an_evaluation_that_is_missing_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _written(place, random_table(20, 3)[0])
    assert main(["labels", "mine", "--evaluation", "other", "--out", str(place.parent / "out")]) == 1
    assert "has no evaluation 'other'" in capsys.readouterr().err
