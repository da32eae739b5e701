"""Two predictions of the same samples: by hand on tiny tables, and the slow way on random ones."""

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from core.errors import DataError
from core.evaluation import metrics as evaluation
from core.evaluation.comparing import comparison, significance
from core.evaluation.confusion import most_counted
from core.predictions import evaluations, prediction_table
from tests.support.paths import ROOT
from tests.support.stored.tiny_evaluation import matrix_of

NAMES = ("cat", "dog", "fox")


def _table(ids: str, labels: Sequence[int], predicted: Sequence[int], sure: Sequence[float]) -> pa.Table:
    """Each prediction with logit ``sure`` and all other classes with 0; a letter of ``ids`` is a sample."""
    logits = torch.zeros(len(ids), 3, dtype=torch.float64)
    logits[torch.arange(len(ids)), torch.tensor(predicted)] = torch.tensor(sure, dtype=torch.float64)
    return prediction_table.rows(
        logits, torch.tensor(labels), sample_ids=list(ids), paths=list(ids), split="val"
    )


def _random(num_samples: int, seed: int, names: Sequence[str] = NAMES) -> pa.Table:
    """Labels are those of the names, whatever their order; the rows are shuffled."""
    generator = np.random.default_rng(seed)
    logits = torch.tensor(generator.normal(size=(num_samples, len(names))))
    truth = np.random.default_rng(99).integers(3, size=num_samples)
    labels = torch.tensor([names.index(NAMES[each]) for each in truth])
    ids = [f"photos/{each}.jpg" for each in range(num_samples)]
    table = prediction_table.rows(logits, labels, sample_ids=ids, paths=ids, split="val")
    return table.take(generator.permutation(num_samples))


LABELS = [0, 0, 1, 1, 1, 2, 2, 2]
FIRST = _table("abcdefgh", LABELS, [0, 0, 0, 0, 1, 1, 2, 0], [1, 4, 1, 3, 2, 1, 5, 1])
SECOND = _table("abcdefgh", LABELS, [0, 0, 1, 1, 0, 0, 1, 0], [3, 2, 1, 2, 1, 1, 1, 2])
PAIR = comparison.paired(FIRST, SECOND, NAMES, NAMES)


def test_the_four_piles_by_hand_most_telling_first() -> None:
    found = comparison.piles(PAIR)
    assert comparison.PILES == ("both_right", "fixed", "broken", "both_wrong")
    assert found.both_right.tolist() == [1, 0]  # The second is surer of row 0.
    assert found.fixed.tolist() == [3, 2]  # Row 3 was the surer mistake, and is now the surer hit.
    assert found.broken.tolist() == [6, 4]  # Row 6 falls from almost certain.
    assert found.both_wrong.tolist() == [7, 5]  # The second is surer of the mistake in row 7.


def test_each_row_is_in_one_pile_and_their_sizes_give_both_accuracies() -> None:
    pair = comparison.paired(_random(300, 1), _random(300, 2), NAMES, NAMES)
    found = comparison.piles(pair)
    sizes = {name: len(getattr(found, name)) for name in comparison.PILES}
    rows = np.concatenate([getattr(found, name) for name in comparison.PILES])
    assert sorted(rows.tolist()) == list(range(300))
    for table, own in ((pair.first, "broken"), (pair.second, "fixed")):
        assert evaluation.metrics(table, 3).accuracy * 300 == pytest.approx(sizes["both_right"] + sizes[own])


def test_matrices_and_their_difference_by_hand() -> None:
    found = comparison.matrices(PAIR)
    assert found.first.whole().tolist() == [[2, 0, 0], [2, 1, 0], [1, 1, 1]]
    assert found.second.whole().tolist() == [[2, 0, 0], [1, 2, 0], [2, 1, 0]]
    assert found.difference.whole().tolist() == [[0, 0, 0], [-1, 1, 0], [1, 0, -1]]
    assert found.difference.cell(2, 0) == 1
    assert len(found.difference.count) == 4


def test_the_most_changed_mistakes_leave_out_what_is_right() -> None:
    difference = matrix_of([[9, -2, 0], [1, -8, 3], [0, -3, 5]])
    found = [(each.label, each.predicted, each.count) for each in most_counted(difference, 3)]
    assert found == [(1, 2, 3), (2, 1, -3), (0, 1, -2)]
    assert most_counted(matrix_of(np.eye(3, dtype=np.int64)), 5) == []


def test_the_change_of_each_class_by_hand() -> None:
    found = comparison.per_class_change(PAIR)
    assert found.support.tolist() == [2, 3, 3]
    assert found.num_fixed.tolist() == [0, 2, 0]
    assert found.num_broken.tolist() == [0, 1, 1]
    assert found.recall == pytest.approx([0, 2 / 3 - 1 / 3, 0 - 1 / 3])
    # The second never predicts the third class: it has no precision there.
    np.testing.assert_allclose(found.precision, [2 / 5 - 2 / 5, 2 / 3 - 1 / 2, np.nan])
    assert found.f1 == pytest.approx([0, 2 / 3 - 2 / 5, 0 - 1 / 2])


def test_a_class_gains_in_recall_what_was_fixed_less_what_was_broken() -> None:
    found = comparison.per_class_change(comparison.paired(_random(400, 3), _random(400, 4), NAMES, NAMES))
    assert found.recall * found.support == pytest.approx(found.num_fixed - found.num_broken)
    assert found.num_fixed.all()
    assert found.num_broken.all()


def test_shared_samples_are_joined_in_the_order_of_the_first() -> None:
    first = _random(50, 5).slice(3, 40)
    second = _random(50, 6).slice(0, 35)
    pair = comparison.paired(first, second, NAMES, NAMES)
    by_id = {row["sample_id"]: row for row in second.to_pylist()}
    expected = [row for row in first.to_pylist() if row["sample_id"] in by_id]
    assert 20 < len(expected) < 35
    assert pair.first.to_pylist() == expected
    assert pair.second.to_pylist() == [by_id[row["sample_id"]] for row in expected]
    assert (pair.num_only_first, pair.num_only_second) == (40 - len(expected), 35 - len(expected))


def test_a_table_in_many_pieces_is_joined_like_one_in_one_piece() -> None:
    first, second = _random(40, 7), _random(40, 8)
    whole = comparison.paired(first, second, NAMES, NAMES)
    pieces = pa.concat_tables([second.slice(0, 11), second.slice(11, 20), second.slice(31)])
    assert comparison.paired(first, pieces, NAMES, NAMES).second.equals(whole.second)


@pytest.mark.parametrize("rows", [slice(5, None), slice(None, None, -1)], ids=["same samples", "other order"])
def test_classes_of_the_second_are_renumbered_by_their_names(rows: slice) -> None:
    """The same network whose classes are in another order is the same network."""
    first, names = _random(60, 9), ("FOX", "Cat", "dog")
    new = [1, 2, 0]
    renumbered = [
        row
        | {"label": new[row["label"]], "predicted": new[row["predicted"]]}
        | {"top5": [new[each] for each in row["top5"]]}
        for row in first.to_pylist()
    ]
    second = pa.Table.from_pylist(renumbered, first.schema)
    pair = comparison.paired(first.slice(5), second[rows], NAMES, names)
    assert second["label"].to_pylist() != first["label"].to_pylist()
    assert pair.class_names == NAMES
    assert pair.second.to_pylist() == pair.first.to_pylist() == first.slice(5).to_pylist()
    assert (pair.classes_only_first, pair.classes_only_second) == ((), ())


def test_classes_that_only_one_knows_are_named_and_come_last() -> None:
    first = _table("ab", [0, 1], [0, 2], [1, 1])
    second = _table("ab", [1, 0], [2, 0], [1, 1])
    pair = comparison.paired(first, second, ("cat", "dog", "fox"), ("dog", "cat", "owl"))
    assert pair.class_names == ("cat", "dog", "fox", "owl")
    assert (pair.classes_only_first, pair.classes_only_second) == (("fox",), ("owl",))
    assert pair.second["predicted"].to_pylist() == [3, 1]
    assert comparison.matrices(pair).second.whole()[0].tolist() == [0, 0, 0, 1]


def test_of_classes_that_share_a_name_the_first_goes_with_the_first() -> None:
    """ImageNet has two cranes: a bird, then a machine."""
    first = _table("ab", [0, 2], [0, 2], [1, 1])
    second = _table("ab", [1, 2], [2, 1], [1, 1])
    pair = comparison.paired(first, second, ("crane", "dog", "crane"), ("dog", "crane", "Crane"))
    assert pair.second["label"].to_pylist() == [0, 2]
    assert pair.second["predicted"].to_pylist() == [2, 0]


def test_the_same_samples_in_the_same_order_are_not_copied() -> None:
    assert PAIR.first is FIRST
    assert PAIR.second is SECOND


@pytest.mark.parametrize("table", [_table("xyz", [0, 0, 0], [0, 0, 0], [1, 1, 1]), FIRST.slice(0, 0)])
def test_tables_without_a_common_sample_are_refused(table: pa.Table) -> None:
    with pytest.raises(DataError, match="no sample in common"):
        comparison.paired(table, FIRST.slice(0, 0) if not table.num_rows else SECOND, NAMES, NAMES)


def test_tables_without_a_common_class_are_refused() -> None:
    with pytest.raises(DataError, match=r"no class in common: 'cat', 'dog' … and 'Cats', 'Dogs'; choose"):
        comparison.paired(FIRST, SECOND, NAMES, ("Cats", "Dogs"))


def test_other_labels_of_shared_samples_are_refused_and_counted() -> None:
    second = _table("abcdefgh", [0, 0, 2, 1, 1, 2, 2, 1], [0] * 8, [1] * 8)
    expected = (
        "2 of 8 shared samples have a different label in the second table, such as 'c': 'dog' and 'fox'"
    )
    with pytest.raises(DataError, match=expected):
        comparison.paired(FIRST, second, NAMES, NAMES)


def test_a_sample_that_occurs_twice_is_refused() -> None:
    with pytest.raises(DataError, match="1 of 3 samples repeat the sample_id of another"):
        comparison.paired(FIRST, _table("aba", [0, 0, 0], [0, 0, 0], [1, 1, 1]), NAMES, NAMES)


def test_a_class_without_a_name_breaks_the_contract() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        comparison.paired(FIRST, SECOND, NAMES, ("dog", "cat"))


def test_the_change_of_each_group_by_hand() -> None:
    """The pair's rows are fixed in 2 and 3, broken in 4 and 6; samples of other ids are of no account."""
    ids = ["z", "h", "g", "f", "e", "d", "c", "b", "a"]
    found = comparison.per_group_change(PAIR, ids, np.array([9, 7, 7, 7, 5, 5, 5, 2, 2]))
    assert found.num_samples.tolist() == [2, 3, 3]
    assert found.num_fixed.tolist() == [0, 2, 0]
    assert found.num_broken.tolist() == [0, 1, 1]


def test_a_sample_without_a_group_breaks_the_contract() -> None:
    with pytest.raises(ValueError, match="2 of 8 samples have no group"):
        comparison.per_group_change(PAIR, list("abcdef"), np.arange(6))


def _shipped(name: str) -> tuple[pa.Table, tuple[str, ...]]:
    folder = ROOT / "checkpoints" / name
    names = json.loads((folder / "card.json").read_text(encoding="utf-8"))["class_names"]
    return pq.read_table(evaluations.find(folder).table), tuple(names)


def _shipped_pair(first_name: str, second_name: str) -> comparison.Pair:
    (first, first_names), (second, second_names) = _shipped(first_name), _shipped(second_name)
    return comparison.paired(first, second, first_names, second_names)


def test_transfer_mends_what_scratch_gets_wrong_and_breaks_next_to_nothing() -> None:
    found = comparison.piles(_shipped_pair("pets-cat-dog-scratch", "pets-cat-dog"))
    assert len(found.fixed) > 10 * len(found.broken)
    said = significance.in_words(
        significance.mcnemar(len(found.fixed), len(found.broken)), "scratch", "transfer"
    )
    assert "It is very unlikely that transfer is ahead by chance." in said


def test_of_the_road_signs_frames_seem_to_decide_what_tracks_do_not() -> None:
    """30 frames of one sign: by frames the p-value is far smaller than by tracks (``class/track_frame``)."""
    pair = _shipped_pair("signs-plain", "signs-bn-aug")
    ids = pair.first["sample_id"].to_pylist()
    _, tracks = np.unique([each.rsplit("_", 1)[0] for each in ids], return_inverse=True)
    found = comparison.per_group_change(pair, ids, tracks)
    by_frame = significance.mcnemar(int(found.num_fixed.sum()), int(found.num_broken.sum()))
    by_track = significance.mcnemar_by_group(found.num_fixed, found.num_broken)
    assert (by_track.num_fixed, by_track.num_broken) == (by_frame.num_fixed, by_frame.num_broken)
    assert by_track.p_value > 10 * by_frame.p_value
