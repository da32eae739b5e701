"""Samples of a pile and of classes, against a loop over the rows; classes in the order of their change."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from core.evaluation.comparing import comparison
from core.evaluation.comparing.comparison import Pair
from core.evaluation.comparing.pair_selection import (
    ALL,
    MOST_TELLING,
    PairFilter,
    change_table,
    selected,
    usual_pile,
)
from core.evaluation.metrics import column

NAMES = ("cat", "dog", "fox")


def _table(seed: int, num_samples: int = 200) -> pa.Table:
    generator = np.random.default_rng(seed)
    top = generator.integers(0, 3, (num_samples, 5), dtype=np.int32)
    return pa.table(
        {
            "sample_id": [str(each) for each in range(num_samples)],
            "label": np.random.default_rng(9).integers(0, 3, num_samples, dtype=np.int32),
            "predicted": top[:, 0],
            "p_label": generator.random(num_samples),
            "p_predicted": generator.random(num_samples),
            "margin": generator.random(num_samples),
            "loss": generator.random(num_samples),
            "top5": top.tolist(),
            "top5_probability": generator.random((num_samples, 5)).tolist(),
        }
    )


PAIR: Pair = comparison.paired(_table(1), _table(2), NAMES, NAMES)
PILES = comparison.piles(PAIR)


def _matches(row: int, wanted: PairFilter) -> bool:
    label, first, second = (
        int(column(table, name)[row])
        for table, name in ((PAIR.first, "label"), (PAIR.first, "predicted"), (PAIR.second, "predicted"))
    )
    pile = {(True, True): "both_right", (False, True): "fixed", (True, False): "broken"}.get(
        (first == label, second == label), "both_wrong"
    )
    asked = ((wanted.label, label), (wanted.first, first), (wanted.second, second))
    return wanted.pile in (ALL, pile) and all(want in (None, is_so) for want, is_so in asked)


@pytest.mark.parametrize("pile", [ALL, *comparison.PILES])
def test_what_is_selected_is_what_a_loop_over_the_rows_finds(pile: str) -> None:
    for label, first, second in itertools.product((None, 0, 2), repeat=3):
        wanted = PairFilter(pile, label, first, second)
        expected = [row for row in range(200) if _matches(row, wanted)]
        assert sorted(selected(PAIR, PILES, wanted).tolist()) == expected


def test_a_pile_keeps_its_order_and_of_all_what_changed_comes_first() -> None:
    assert selected(PAIR, PILES, PairFilter("broken")).tolist() == PILES.broken.tolist()
    every = selected(PAIR, PILES, PairFilter())
    assert every.tolist() == [row for name in MOST_TELLING for row in getattr(PILES, name).tolist()]
    some = selected(PAIR, PILES, PairFilter("fixed", label=1)).tolist()
    assert some == [row for row in PILES.fixed.tolist() if column(PAIR.first, "label")[row] == 1]


def test_the_usual_pile_is_the_most_telling_one_that_has_samples() -> None:
    none, some = np.array([], int), np.array([3])
    assert usual_pile(PILES) == "fixed"
    assert usual_pile(comparison.Piles(some, none, some, some)) == "broken"
    assert usual_pile(comparison.Piles(some, none, none, none)) == "both_right"


def test_an_unknown_pile_is_refused() -> None:
    with pytest.raises(ValueError, match="no pile 'heap'; there is all, both_right, fixed"):
        PairFilter("heap")


def test_classes_are_listed_most_changed_first_without_those_that_have_no_samples() -> None:
    change = comparison.per_class_change(PAIR)
    rows = change_table(change, NAMES)
    assert rows["change"].abs().tolist() == sorted(rows["change"].abs(), reverse=True)
    for row in rows.itertuples():
        of_class = column(PAIR.first, "label") == row.class_idx
        before, after = (
            100 * (column(table, "predicted")[of_class] == row.class_idx).mean()
            for table in (PAIR.first, PAIR.second)
        )
        assert (row.before, row.after, row.change) == pytest.approx((before, after, after - before))
        assert (row.name, row.support) == (NAMES[row.class_idx], of_class.sum())
        assert row.change == pytest.approx(100 * (row.fixed - row.broken) / row.support)
    extra = comparison.paired(_table(1), _table(2), (*NAMES, "owl"), (*NAMES, "owl"))
    assert set(change_table(comparison.per_class_change(extra), extra.class_names)["name"]) == set(NAMES)
