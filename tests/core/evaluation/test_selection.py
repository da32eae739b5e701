"""Which samples are shown and in what order, by hand and by a slow loop over the rows."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from core.evaluation import selection
from core.evaluation.selection import (
    ORDERS,
    OUTCOMES,
    Position,
    SampleFilter,
    page_of,
    place_of,
    row_of,
    sample_at,
    selected,
)
from core.predictions import prediction_table


def _table(num_samples: int = 300, num_classes: int = 4) -> pa.Table:
    generator = torch.Generator().manual_seed(3)
    labels = torch.randint(num_classes, (num_samples,), generator=generator)
    logits = torch.randn(num_samples, num_classes, generator=generator)
    logits += torch.nn.functional.one_hot(labels, num_classes)
    ids = [f"a/{each}.png" for each in range(num_samples)]
    return prediction_table.rows(logits, labels, sample_ids=ids, paths=ids, split="val")


TABLE = _table()
ROWS = TABLE.to_pylist()


def _slow(wanted: SampleFilter) -> list[int]:
    """The rows that are wanted, one by one."""
    found = []
    for index, row in enumerate(ROWS):
        right = row["label"] == row["predicted"]
        fits = [
            wanted.label in (None, row["label"]),
            wanted.predicted in (None, row["predicted"]),
            wanted.outcome == "all" or (wanted.outcome == "right") == right,
            wanted.probability[0] <= row["p_predicted"] <= wanted.probability[1],
            wanted.loss[0] <= row["loss"] <= wanted.loss[1],
            wanted.margin[0] <= row["margin"] <= wanted.margin[1],
        ]
        if all(fits):
            found.append(index)
    return found


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"label": 2},
        {"predicted": 0},
        {"label": 1, "predicted": 3},
        {"label": 1, "predicted": 1},
        {"probability": (0.4, 0.6)},
        {"loss": (1.0, float("inf"))},
        {"margin": (0.0, 0.1), "label": 0},
    ],
    ids=str,
)
def test_the_rows_are_those_of_a_slow_loop(wanted: dict[str, object], outcome: str) -> None:
    asked = SampleFilter(outcome=outcome, **wanted)  # type: ignore[arg-type]
    assert selected(TABLE, asked, "as_stored").tolist() == _slow(asked)


def test_a_row_of_the_confusion_matrix_is_the_sum_of_its_cells() -> None:
    whole = len(selected(TABLE, SampleFilter(label=2), "as_stored"))
    cells = [len(selected(TABLE, SampleFilter(label=2, predicted=each), "as_stored")) for each in range(4)]
    assert sum(cells) == whole == [row["label"] for row in ROWS].count(2)


def test_every_order_has_all_rows_once() -> None:
    for order in ORDERS:
        assert sorted(selected(TABLE, SampleFilter(), order).tolist()) == list(range(len(ROWS)))


def test_the_highest_loss_comes_first() -> None:
    losses = [ROWS[row]["loss"] for row in selected(TABLE, SampleFilter(), "top_losses")]
    assert losses == sorted((row["loss"] for row in ROWS), reverse=True)


def test_confidently_wrong_begins_with_the_surest_mistake_and_ends_with_the_surest_right_one() -> None:
    order = selected(TABLE, SampleFilter(), "confidently_wrong").tolist()
    wrong = [row for row in order if ROWS[row]["label"] != ROWS[row]["predicted"]]
    assert order[: len(wrong)] == wrong
    assert ROWS[order[0]]["p_predicted"] == max(ROWS[row]["p_predicted"] for row in wrong)
    right = order[len(wrong) :]
    assert ROWS[order[-1]]["p_predicted"] == max(ROWS[row]["p_predicted"] for row in right)
    assert selected(TABLE, SampleFilter(), "confidently_right")[0] == order[-1]


def test_the_least_sure_has_the_smallest_margin() -> None:
    first = selected(TABLE, SampleFilter(), "least_sure")[0]
    assert ROWS[first]["margin"] == min(row["margin"] for row in ROWS)


def test_orders_by_hand() -> None:
    table = pa.table(
        {
            "label": [0, 0, 0, 0, 0],
            "predicted": [0, 1, 0, 1, 0],
            "p_predicted": [0.625, 0.75, 0.875, 1.0, 0.875],
            "loss": [0.5, 1.4, 0.1, 9.0, 0.1],
            "margin": [0.25, 0.5, 0.75, 1.0, 0.75],
        }
    )
    found = {order: selected(table, SampleFilter(), order).tolist() for order in ORDERS}
    assert found == {
        "top_losses": [3, 1, 0, 2, 4],
        "confidently_wrong": [3, 1, 0, 2, 4],
        "least_sure": [0, 1, 2, 4, 3],
        "confidently_right": [2, 4, 0, 1, 3],
        "as_stored": [0, 1, 2, 3, 4],
    }


def test_equal_samples_stay_in_the_order_of_the_table() -> None:
    same = pa.concat_tables([TABLE.slice(0, 1)] * 5)
    for order in ORDERS:
        assert selected(same, SampleFilter(), order).tolist() == [0, 1, 2, 3, 4]


def test_an_outcome_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="no outcome 'maybe'; there is all, wrong, right"):
        SampleFilter(outcome="maybe")


def test_pages_hold_every_row_once_and_a_page_beyond_the_last_is_the_last() -> None:
    rows = np.arange(100, 200)
    pages = [page_of(rows, number, 48).tolist() for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [48, 48, 4]
    assert [row for page in pages for row in page] == rows.tolist()
    assert page_of(rows, 99, 48).tolist() == pages[-1]
    assert page_of(rows, 0, 48).tolist() == pages[0]
    assert selection.num_pages(0, 48) == selection.num_pages(48, 48) == 1
    assert selection.num_pages(49, 48) == 2


def test_neighbours_are_those_of_the_selection_not_of_the_table() -> None:
    rows = np.array([7, 3, 9])
    assert place_of(rows, 3) == Position(2, 3, before=7, after=9)
    assert place_of(rows, 7) == Position(1, 3, before=None, after=3)
    assert place_of(rows, 9) == Position(3, 3, before=3, after=None)
    assert place_of(rows, 4) is None


def test_a_sample_is_found_by_its_name() -> None:
    row = row_of(TABLE, "a/17.png")
    assert row == 17
    sample = sample_at(TABLE, row)
    assert (sample.sample_id, sample.label, sample.loss) == ("a/17.png", ROWS[17]["label"], ROWS[17]["loss"])
    assert sample.top5 == tuple(zip(ROWS[17]["top5"], ROWS[17]["top5_probability"], strict=True))
    assert sample.top5[0] == (sample.predicted, sample.p_predicted)
    assert sample.is_right == (sample.label == sample.predicted)
    assert row_of(TABLE, "a/300.png") is None
