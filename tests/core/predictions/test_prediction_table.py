"""Each number of the predictions table, by hand; and tables that are whole, joined and in order."""

import math
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from core.errors import CheckpointError
from core.predictions import prediction_table, score_files

# Logits are logarithms, so that probabilities are these numbers over their sum.
ODDS = torch.tensor(
    [
        [8.0, 4.0, 2.0, 1.0, 1.0, 0.5, 0.5],  # Sums of 17, 20 and 10.
        [1.0, 2.0, 3.0, 10.0, 2.5, 0.75, 0.75],
        [0.25, 5.0, 0.25, 0.5, 1.0, 2.0, 1.0],
    ]
)
LABELS = torch.tensor([0, 2, 3])


def _table(odds: torch.Tensor = ODDS, labels: torch.Tensor = LABELS, names: str = "abc") -> pa.Table:
    paths = [f"{name}.jpg" for name in names]
    return prediction_table.rows(odds.log(), labels, sample_ids=list(names), paths=paths, split="val")


def _other_split() -> pa.Table:
    return prediction_table.rows(
        ODDS.log() / 2, LABELS, sample_ids=["d", "e", "f"], paths=[""] * 3, split="test"
    )


def test_three_rows_by_hand() -> None:
    found = _table().to_pydict()
    assert found["sample_id"] == ["a", "b", "c"]
    assert found["path"] == ["a.jpg", "b.jpg", "c.jpg"]
    assert found["split"] == ["val"] * 3
    assert found["label"] == [0, 2, 3]
    assert found["predicted"] == [0, 3, 1]
    assert found["p_label"] == pytest.approx([8 / 17, 3 / 20, 0.5 / 10])
    assert found["p_predicted"] == pytest.approx([8 / 17, 10 / 20, 5 / 10])
    assert found["loss"] == pytest.approx([math.log(17 / 8), math.log(20 / 3), math.log(20)])
    assert found["margin"] == pytest.approx([4 / 17, 7 / 20, 3 / 10])


def test_the_five_most_probable_classes_come_in_order() -> None:
    found = _table().to_pydict()
    assert found["top5"][1] == [3, 2, 4, 1, 0]
    assert found["top5_probability"][1] == pytest.approx([10 / 20, 3 / 20, 2.5 / 20, 2 / 20, 1 / 20])
    assert [len(each) for each in found["top5"]] == [5, 5, 5]
    assert found["top5"][0][:3] == [0, 1, 2]
    assert sorted(found["top5"][0][3:]) == [3, 4]  # Equal ones, in either order.


def test_types_are_those_of_the_file() -> None:
    types = {field.name: str(field.type) for field in _table().schema}
    assert types == {
        **dict.fromkeys(("sample_id", "path", "split"), "string"),
        **dict.fromkeys(("label", "predicted"), "int32"),
        **dict.fromkeys(("p_label", "p_predicted", "loss", "margin"), "float"),
        "top5": "list<item: int32>",
        "top5_probability": "list<item: float>",
        "scores": "fixed_size_list<item: halffloat>[7]",
    }
    assert "scores" not in _table(ODDS[:, :5], LABELS).column_names


def test_two_classes_have_a_top_two() -> None:
    found = _table(torch.tensor([[1.0, 3.0]]), torch.tensor([0]), "x").to_pydict()
    assert found["top5"] == [[1, 0]]
    assert found["top5_probability"][0] == pytest.approx([0.75, 0.25])
    assert found["margin"] == pytest.approx([0.5])


def test_a_single_class_is_certain_by_its_whole_probability() -> None:
    found = _table(torch.tensor([[3.0]]), torch.tensor([0]), "x").to_pydict()
    assert (found["top5"], found["p_label"], found["loss"]) == ([[0]], [1.0], [0.0])
    assert found["margin"] == [1.0]


def test_extreme_logits_stay_finite_and_half_precision_is_no_loss() -> None:
    logits = torch.tensor([[0.0, 1000.0], [-30_000.0, 30_000.0]], dtype=torch.float16)
    found = prediction_table.rows(
        logits, torch.tensor([0, 1]), sample_ids=["a", "b"], paths=["", ""], split="test"
    ).to_pydict()
    assert found["loss"] == [1000.0, 0.0]
    assert found["p_label"] == [0.0, 1.0]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "predictions.parquet"
    prediction_table.write(path, _table())

    def half(_table: pa.Table, draft: Path, **_settings: object) -> None:
        draft.write_bytes(b"PAR1 half")
        raise OSError("disk full")

    with monkeypatch.context() as full:
        full.setattr(pq, "write_table", half)
        with pytest.raises(OSError, match="disk full"):
            prediction_table.write(path, _table(names="xyz"))
    assert prediction_table.read(path).equals(_table())
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "predictions.parquet",
        "predictions.scores.npy",
    ]
    prediction_table.write(path, _table(names="xyz"))
    assert prediction_table.read(path).equals(_table(names="xyz"))


def test_scores_are_log_odds_exact_also_where_a_probability_is_almost_one() -> None:
    found = score_files.pieces(_table())[0]
    share = ODDS / ODDS.sum(1, keepdim=True)
    assert found == pytest.approx((share / (1 - share)).log().numpy(), rel=1e-3, abs=1e-6)
    logits = torch.tensor([[50.0, 1, 2, 0, 0, 0], [90.0, 1, 2, 0, 0, 0]], dtype=torch.float64)
    sure = prediction_table.log_odds(logits)[:, 0]
    others = math.log(math.e + math.e**2 + 3)
    assert sure.tolist() == pytest.approx([50 - others, 90 - others])


def test_scores_lie_beside_the_table_and_are_not_in_it(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    prediction_table.write(path, _table())
    assert "scores" not in pq.read_table(path).column_names
    assert np.load(tmp_path / "predictions.scores.npy").dtype == np.float16
    # A table of few classes in its place takes none for its own.
    few = _table(ODDS[:, :5], LABELS)
    prediction_table.write(path, few)
    assert [each.name for each in tmp_path.iterdir()] == ["predictions.parquet"]
    assert prediction_table.read(path).equals(few)


def test_scores_of_another_table_or_damaged_ones_are_not_taken(tmp_path: Path) -> None:
    path, beside = tmp_path / "predictions.parquet", tmp_path / "predictions.scores.npy"
    prediction_table.write(path, _table())
    own = np.load(beside)
    for strange in (own[:2], own[::-1], own[:, :3], own.astype(np.float32), own[0]):
        np.save(beside, strange)
        assert "scores" not in prediction_table.read(path).column_names
    beside.write_bytes(b"no array")
    assert "scores" not in prediction_table.read(path).column_names
    beside.unlink()
    os.mkfifo(beside)
    assert "scores" not in prediction_table.read(path).column_names


def test_where_all_scores_would_be_too_many_histograms_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, table = tmp_path / "predictions.parquet", pa.concat_tables([_table(), _other_split()])
    monkeypatch.setattr(score_files, "LARGEST", 2 * 6 * 7 - 1)
    prediction_table.write(path, table)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "predictions.histograms.npy",
        "predictions.parquet",
    ]
    found = prediction_table.read(path)
    assert "scores" not in found.column_names
    of_split = {split: score_files.histogram(path, found, split) for split in (None, "test", "val")}
    sums = {split: 0 if each is None else each.counts.sum() for split, each in of_split.items()}
    assert sums == {None: 42, "test": 21, "val": 21}
    monkeypatch.setattr(score_files, "LARGEST", 2 * 6 * 7)
    prediction_table.write(path, table)
    assert prediction_table.read(path).equals(table)


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_are_no_prediction(strange: float) -> None:
    logits = ODDS.log()
    logits[1, 3] = strange
    with pytest.raises(CheckpointError, match=r"logits of 'mine' for 'b' are not finite: .* import or train"):
        prediction_table.rows(
            logits, LABELS, sample_ids=["a", "b", "c"], paths=[""] * 3, split="val", network="'mine'"
        )
