"""The paired permutation test, against every way to swap, counted slowly; and McNemar's test for accuracy."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from core.evaluation.comparing.comparison import Pair, paired
from core.evaluation.comparing.over_seeds import pooled_mcnemar
from core.evaluation.comparing.swaps import swap_test

NAMES = ("a", "b", "c")
LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
FIRST = np.array([0, 0, 1, 2, 1, 1, 0, 0, 2, 1])
SECOND = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 0])
THIRD = np.array([0, 1, 0, 0, 0, 1, 1, 1, 0, 2])


def _pair(first: np.ndarray, second: np.ndarray, labels: np.ndarray = LABELS) -> Pair:
    return paired(_table(first, labels), _table(second, labels), NAMES, NAMES)


def _table(predicted: np.ndarray, labels: np.ndarray) -> pa.Table:
    ids = [f"s{number}" for number in range(len(labels))]
    columns = {"label": labels.astype(np.int32), "predicted": predicted.astype(np.int32)}
    return pa.table({"sample_id": ids} | columns)


def _accuracy(answers: np.ndarray) -> float:
    return float((answers == LABELS).mean())


def _mean_recall(answers: np.ndarray) -> float:
    return float(np.mean([(answers[label == LABELS] == label).mean() for label in range(3)]))


def _mean_f1(answers: np.ndarray) -> float:
    counts = [
        (((answers == label) & (label == LABELS)).sum(), (answers == label).sum() + (label == LABELS).sum())
        for label in range(3)
    ]
    return float(np.mean([2 * right / total for right, total in counts]))


def _slow(pairs: list[tuple[np.ndarray, np.ndarray]], measure: str, units: np.ndarray) -> float:
    """The share of all swaps of units that give at least the observed mean difference."""
    of = {"accuracy": _accuracy, "balanced_accuracy": _mean_recall, "macro_f1": _mean_f1}[measure]
    # What the pairs agree on is the same however it is swapped.
    open_ones = sorted({unit for a, b in pairs for unit in units[a != b].tolist()})
    differences = []
    for swap in itertools.product((False, True), repeat=len(open_ones)):
        swapped = np.isin(units, [unit for unit, is_on in zip(open_ones, swap, strict=True) if is_on])
        differences.append(
            np.mean([of(np.where(swapped, a, b)) - of(np.where(swapped, b, a)) for a, b in pairs])
        )
    return float((np.abs(differences) >= abs(differences[0]) - 1e-12).mean())


@pytest.mark.parametrize("measure", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_it_is_the_share_of_all_swaps_with_so_large_a_difference(measure: str) -> None:
    single = np.arange(10)
    expected = _slow([(FIRST, SECOND)], measure, single)
    assert swap_test([_pair(FIRST, SECOND)], measure) == pytest.approx(expected)
    assert 0 < expected < 1


def test_a_sample_is_swapped_with_every_seed_at_once_and_so_is_a_group() -> None:
    pairs = [_pair(FIRST, SECOND), _pair(THIRD, SECOND)]
    groups = np.arange(10) // 2
    slow = _slow([(FIRST, SECOND), (THIRD, SECOND)], "balanced_accuracy", groups)
    place_of = {f"s{number}": int(group) for number, group in enumerate(groups)}
    assert swap_test(pairs, "balanced_accuracy", place_of) == pytest.approx(slow)
    single = swap_test([pairs[0]], "balanced_accuracy")
    assert swap_test([pairs[0], pairs[0]], "balanced_accuracy") == single


def test_for_accuracy_it_is_mcnemar_s_test() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 300)
    first, second = (np.where(random.random(300) < share, labels, 0) for share in (0.6, 0.68))
    pair = _pair(first, second, labels)
    exact = pooled_mcnemar([pair]).p_value
    assert 0.001 < exact < 0.5
    assert swap_test([pair], "accuracy") == pytest.approx(exact, abs=4 * np.sqrt(exact / 9_999))


def test_the_same_answers_differ_by_chance_and_the_rare_class_counts_as_much_as_the_others() -> None:
    assert swap_test([_pair(FIRST, FIRST)], "macro_f1") == 1.0
    labels = np.array([0] * 190 + [1] * 10)
    none, rare = np.zeros(200, int), np.where(np.arange(200) < 20, 1, labels)
    # 20 new mistakes against 10 mended ones: worse by accuracy, better by the mean recall.
    pair = _pair(none, rare, labels)
    assert swap_test([pair], "balanced_accuracy") < 0.01
    assert swap_test([pair], "accuracy") > 0.05
