"""Groups kept as tests, before and after a change, row by row."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.evaluation.comparing.comparison import Pair, paired
from core.evaluation.comparing.group_rows import group_row, summary, table
from core.evaluation.groups.group_test import GroupTest

_IDS = [f"s{index}" for index in range(8)]
_TEST = GroupTest("dogs on sand", 0.75, tuple(_IDS[:4]))


def _table(predicted: list[int]) -> pa.Table:
    size = len(predicted)
    numbers = dict.fromkeys(("p_label", "p_predicted", "loss", "margin"), np.full(size, 0.5))
    columns = {"sample_id": _IDS, "label": np.zeros(size, int), "predicted": predicted} | numbers
    return pa.Table.from_pandas(pd.DataFrame(columns))


@pytest.fixture
def pair() -> Pair:
    """Of the first four samples two are right before and three after, of the others all."""
    before, after = _table([0, 0, 1, 1, 0, 0, 0, 0]), _table([0, 0, 0, 1, 0, 0, 0, 0])
    return paired(before, after, ["dog", "cat"], ["dog", "cat"])


def test_a_row_counts_only_the_samples_of_its_test(pair: Pair) -> None:
    row = group_row(pair, _TEST, pa.array(_TEST.sample_ids))
    assert row.verdict is not None
    assert (row.verdict.num_samples, row.verdict.first_accuracy, row.verdict.second_accuracy) == (
        4,
        0.5,
        0.75,
    )
    assert (row.passed_before, row.passed_after) == (False, True)
    shown = table([row]).iloc[0]
    assert shown[["asked", "change", "fixed", "broken"]].tolist() == [75, 25, 1, 0]
    assert (shown["passed"], shown["test"]) == ("failed → passed", "p = 1")


def test_a_test_without_samples_is_in_no_count(pair: Pair) -> None:
    rows = [group_row(pair, _TEST, pa.array(ids, pa.string())) for ids in (_IDS[:4], ["elsewhere"])]
    assert rows[1].verdict is None
    assert (rows[1].passed_before, rows[1].passed_after) == (False, False)
    assert summary(rows) == "kept groups passed: 0 of 1 before, 1 of 1 after"
    assert len(table(rows)) == 1


def test_frames_of_one_video_count_as_one(pair: Pair) -> None:
    row = group_row(pair, _TEST, pa.array(_IDS[:4]), _IDS, np.array([0, 0, 1, 1, 2, 2, 3, 3]))
    assert row.verdict is not None
    assert row.verdict.num_groups == 2
