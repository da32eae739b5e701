"""A selection as CSV: every column, read back by the standard library; no cell is a formula."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
import torch

from core.mistakes.selection_csv import csv_of
from core.predictions.prediction_table import rows

NAMES = ("cat", "=HYPERLINK(0)", 'großer, "alter" Hund')
HEADER = ["sample_id", "path", "split", "true", "predicted", "p_label", "p_predicted", "loss", "margin"]


def _table(ids: list[str]) -> pa.Table:
    logits = torch.tensor([[3.0, 1, 0], [0, 3, 1], [1, 0, 3]], dtype=torch.float64)[: len(ids)]
    return rows(logits, torch.tensor([1, 1, 0])[: len(ids)], sample_ids=ids, paths=ids, split="val")


def _read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_rows_come_in_the_given_order_with_names_and_numbers() -> None:
    found = _read(csv_of(_table(["a.png", "b.png", "c.png"]), np.array([2, 0]), NAMES))
    assert [row["sample_id"] for row in found] == ["c.png", "a.png"]
    first = found[0]
    probabilities = np.exp([3, 1, 0]) / np.exp([3, 1, 0]).sum()
    assert (first["path"], first["split"], first["true"]) == ("c.png", "val", "cat")
    assert first["predicted"] == first["top1"] == NAMES[2]
    assert (first["top2"], first["top3"]) == ("cat", "'=HYPERLINK(0)")
    given = [float(first[f"top{place}_probability"]) for place in (1, 2, 3)]
    assert given == pytest.approx(probabilities, rel=1e-6)
    assert float(first["p_predicted"]) == pytest.approx(probabilities[0], rel=1e-6)
    assert float(first["p_label"]) == pytest.approx(probabilities[1], rel=1e-6)
    assert float(first["loss"]) == pytest.approx(-np.log(probabilities[1]), rel=1e-6)
    assert float(first["margin"]) == pytest.approx(probabilities[0] - probabilities[1], rel=1e-6)


def test_there_are_as_many_likeliest_classes_as_the_table_has() -> None:
    tops = [name for place in (1, 2, 3) for name in (f"top{place}", f"top{place}_probability")]
    assert list(_read(csv_of(_table(["a", "b", "c"]), np.array([1]), NAMES))[0]) == HEADER + tops


def test_no_rows_give_the_header_alone() -> None:
    text = csv_of(_table(["a", "b", "c"]), np.array([], np.int64), NAMES).decode()
    assert text.startswith(",".join(HEADER))
    assert text.count("\n") == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_begins_like_a_formula_is_marked_as_text(start: str) -> None:
    name = f"{start}1+1"
    (row,) = _read(csv_of(_table([name]), np.array([0]), (name, name, name)))
    for column in ("sample_id", "path", "true", "predicted", "top1"):
        assert row[column] == f"'{name}"


def test_other_text_and_negative_numbers_stay_as_they_are() -> None:
    table = _table(["a=b", "c-d", "'quoted'"])
    place = table.column_names.index("margin")
    table = table.set_column(place, "margin", pa.array([-0.5, 0.5, 0.25], pa.float32()))
    found = _read(csv_of(table, np.arange(3), NAMES))
    assert [row["sample_id"] for row in found] == ["a=b", "c-d", "'quoted'"]
    assert found[0]["margin"] == "-0.5"
    assert found[2]["predicted"] == NAMES[2]
