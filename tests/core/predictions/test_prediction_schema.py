"""A predictions table that does not hold what it must is refused, with the column and the value."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from core.errors import CheckpointError
from core.files import tables
from core.predictions import schema
from core.predictions.prediction_table import rows, write

N, C = 6, 7


@pytest.fixture
def table() -> pa.Table:
    """The predictions of a random network."""
    logits = torch.randn(N, C, generator=torch.Generator().manual_seed(0))
    names = [str(index) for index in range(N)]
    return rows(logits, torch.arange(N), sample_ids=names, paths=names, split="val")


def _with(table: pa.Table, name: str, values: object) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _changed(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    values = table[name].to_pylist()
    values[row] = value
    return _with(table, name, pa.array(values, table.schema.field(name).type))


def _lists(
    table: pa.Table, name: str, change: Callable[[list[float | None]], list[float | None]]
) -> pa.Table:
    values = table[name].to_pylist()
    values[2] = change(values[2])
    return _with(table, name, pa.array(values, table.schema.field(name).type))


def _read(table: pa.Table, path: Path) -> pa.Table:
    write(path / "t.parquet", table)
    found = schema.read(path / "t.parquet", "do it again")
    schema.check_classes(found, C)
    return found


def test_a_table_of_ours_is_read_as_it_is_and_says_its_format(table: pa.Table, tmp_path: Path) -> None:
    found = _read(table, tmp_path)
    assert found.equals(table.drop_columns(["scores"]))
    assert found.schema.metadata[b"seewhy.predictions"] == b"1"


def test_an_older_table_without_a_format_still_opens(table: pa.Table, tmp_path: Path) -> None:
    assert _read(table.replace_schema_metadata(None), tmp_path).equals(table.drop_columns(["scores"]))


def test_a_table_that_pandas_has_written_opens(table: pa.Table, tmp_path: Path) -> None:
    frame = table.to_pandas().astype({"label": "int64", "p_label": "float64"})
    found = _read(pa.Table.from_pandas(frame), tmp_path)
    assert found["label"].to_pylist() == table["label"].to_pylist()


def test_a_probability_that_rounding_has_moved_past_1_opens(table: pa.Table, tmp_path: Path) -> None:
    """A softmax in float32 gives 1.0000001 now and then, in other programs too."""
    found = _read(_changed(table, "p_label", 3, np.nextafter(np.float32(1), np.float32(2)).item()), tmp_path)
    assert found["p_label"][3].as_py() > 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("label", -1, "has -1 in 'label': expected a class, 0 or more"),
        ("label", None, "has null in 'label': expected a value in every row"),
        ("p_label", 1.5, "has 1.5 in 'p_label': expected a number, 0 to 1"),
        ("p_predicted", -0.25, "has -0.25 in 'p_predicted'"),
        ("p_predicted", np.nan, "has nan in 'p_predicted'"),
        ("loss", -2.0, "has -2.0 in 'loss': expected a number, 0 or more"),
        ("loss", np.nan, "has nan in 'loss'"),
        ("margin", np.inf, "has inf in 'margin': expected a number, -1 to 1"),
        ("sample_id", "", "has 0 bytes in 'sample_id': expected a text, 1 to 10000"),
        ("sample_id", "x" * 10_001, "has 10001 bytes in 'sample_id'"),
        ("split", None, "has null in 'split'"),
        ("top5", None, "has null in 'top5'"),
    ],
)
def test_a_value_that_cannot_be_is_named(
    table: pa.Table, tmp_path: Path, name: str, value: object, message: str
) -> None:
    with pytest.raises(CheckpointError, match=rf"{message}.*; do it again$"):
        _read(_changed(table, name, 3, value), tmp_path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "top5",
            lambda values: values[:2],
            "has lists of 2 to 5 values in 'top5': expected 1 to 5, as many in each",
        ),
        ("top5", lambda values: [-1, *values[1:]], "has -1 in 'top5': expected a class, 0 or more"),
        ("top5", lambda values: [None, *values[1:]], "has null in 'top5'"),
        ("top5_probability", lambda values: [2.0, *values[1:]], "has 2.0 in 'top5_probability'"),
        ("top5_probability", lambda values: [np.nan, *values[1:]], "has nan in 'top5_probability'"),
    ],
)
def test_a_list_that_cannot_be_is_named(
    table: pa.Table,
    tmp_path: Path,
    name: str,
    change: Callable[[list[float | None]], list[float | None]],
    message: str,
) -> None:
    with pytest.raises(CheckpointError, match=message):
        _read(_lists(table, name, change), tmp_path)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (
            "label",
            pa.array(["a"] * N),
            "lacks a column 'label' of the right type: it holds string, expected a",
        ),
        ("p_label", pa.array([0] * N), "lacks a column 'p_label' of the right type: it holds int64"),
        ("top5", pa.array([1] * N), "lacks a column 'top5' of lists: it holds int64"),
        (
            "top5",
            pa.array([["a"]] * N),
            "lacks a column 'top5' of the right type: it holds string, expected l",
        ),
        (
            "top5",
            pa.array([[]] * N, pa.list_(pa.int32())),
            "lists of 0 to 0 values in 'top5': expected 1 to 5",
        ),
        ("top5", pa.array([[1, 2]] * N), "lists of different lengths in 'top5' and 'top5_probability'"),
    ],
)
def test_a_column_of_another_type_is_named(
    table: pa.Table, tmp_path: Path, name: str, values: pa.Array, message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        _read(_with(table, name, values), tmp_path)


def test_a_column_that_is_there_twice_is_named(table: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a readable predictions table: Multiple matches"):
        _read(table.append_column("label", table["label"]), tmp_path)


@pytest.mark.parametrize("name", ["label", "predicted", "top5"])
def test_a_class_beyond_those_of_the_card_is_named(table: pa.Table, name: str) -> None:
    values = [C] * N if name != "top5" else [[C] * 5] * N
    strange = _with(table, name, pa.array(values, table.schema.field(name).type))
    with pytest.raises(ValueError, match=f"has {C} in '{name}': expected a class, 0 to {C - 1}"):
        schema.check_classes(strange, C)


def test_texts_that_are_not_utf8_are_refused(table: pa.Table, tmp_path: Path) -> None:
    raw = pa.array([b"\xff"] * N, pa.binary()).view(pa.string())
    with pytest.raises(CheckpointError, match="has a text in 'split' that is not UTF-8"):
        _read(_with(table, "split", raw), tmp_path)


def test_a_newer_format_that_is_not_understood_says_so(table: pa.Table, tmp_path: Path) -> None:
    newer = table.drop_columns(["top5"]).replace_schema_metadata({b"seewhy.predictions": b"3"})
    with pytest.raises(
        CheckpointError, match=r"written by a newer version of SeeWhy \(format 3\): update SeeWhy"
    ):
        _read(newer, tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.parquet")
    with pytest.raises(CheckpointError, match="is a pipe"):
        schema.read(tmp_path / "t.parquet", "do it again")


def test_more_rows_than_memory_could_hold_are_not_read(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(table, tmp_path / "t.parquet")
    monkeypatch.setattr(tables, "_MOST_ROWS", N - 1)
    with pytest.raises(CheckpointError, match=f"it has {N} rows in .*, which is too large"):
        schema.read(tmp_path / "t.parquet", "do it again")
