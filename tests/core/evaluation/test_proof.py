"""The proof of a fix counts the group, all others, and the worst part, before and after."""

import pyarrow as pa
import pytest
import torch

from core.errors import DataError
from core.evaluation.comparing.comparison import paired
from core.evaluation.comparing.proof import Proof, has_cost, has_helped, in_words, lines, proof
from core.predictions.prediction_table import rows

NAMES = ("cat", "dog")
IDS = [str(index) for index in range(100)]


def table(wrong: range) -> pa.Table:
    """100 cats, of which those of a range are called dogs."""
    logits = torch.tensor([[0.0, 1.0] if index in wrong else [1.0, 0.0] for index in range(100)])
    return rows(logits, torch.zeros(100, dtype=torch.long), sample_ids=IDS, paths=IDS, split="val")


def proved(before: range, after: range) -> Proof:
    pair = paired(table(before), table(after), NAMES, NAMES)
    return proof(pair, "dark", {"dark": IDS[:20], "red": IDS[90:]})


def test_group_elsewhere_and_the_worst_part_are_counted_apart() -> None:
    shown = proved(range(15), range(5, 25))
    assert (shown.group.first_accuracy, shown.group.second_accuracy) == (0.25, 0.25)
    assert (shown.elsewhere.first_accuracy, shown.elsewhere.second_accuracy) == (1.0, 75 / 80)
    assert (shown.overall.test.num_fixed, shown.overall.test.num_broken) == (5, 10)
    assert (shown.group.test.num_fixed, shown.group.test.num_broken) == (5, 5)
    assert shown.groups["red"].num_samples == 10
    assert (shown.worst_before.name, shown.worst_before.accuracy) == ("dark", 0.25)


def test_a_fix_that_helps_says_so_with_its_interval() -> None:
    shown = proved(range(15), range(1))
    assert has_helped(shown)
    assert not has_cost(shown)
    assert in_words(shown).startswith("It helped. Wrong in this group: 75.0% → 5.0% (accuracy +70.0 points,")
    assert in_words(shown).endswith("McNemar p = 0.00012); elsewhere 0.0% → 0.0%")


def test_a_change_within_chance_is_no_proof_and_no_change_no_help() -> None:
    assert in_words(proved(range(3), range(2))).startswith(
        "It may have helped: the change in the group could"
    )
    assert in_words(proved(range(3), range(3))).startswith(
        "It did not help. Wrong in this group: 15.0% → 15.0%"
    )
    worse = proved(range(2), range(18))
    assert in_words(worse).startswith("It did not help: more of the group is wrong now.")


def test_a_fix_that_breaks_others_names_the_cost() -> None:
    shown = proved(range(15), range(20, 60))
    assert in_words(shown).startswith("It helped, at a cost elsewhere.")
    assert lines(shown)[-1] == "worst part: 25.0% right (dark) before, 42.9% (in no known group) after"


def test_without_a_sample_of_the_group_there_is_no_proof() -> None:
    pair = paired(table(range(1)), table(range(1)), NAMES, NAMES)
    with pytest.raises(DataError, match="no sample of the group 'dark' is left to test the fix on"):
        proof(pair, "dark", {"dark": ["unknown"]})
