"""A paired test for any measure that follows from counts by class: swap what both trainings answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.evaluation.comparing.comparison import Pair
from core.evaluation.metrics import column

_NUM_SWAPS, _AT_ONCE = 9_999, 500


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Of one table, for each class (..., C): right predictions, predictions of it, and its samples."""

    right: DoubleArray
    predicted: DoubleArray
    support: DoubleArray


def _accuracy(answers: _Answers) -> DoubleArray:
    share: DoubleArray = answers.right.sum(-1) / answers.support.sum(-1)
    return share


def _balanced_accuracy(answers: _Answers) -> DoubleArray:
    present = answers.support > 0
    recall: DoubleArray = (answers.right[..., present] / answers.support[present]).mean(-1)
    return recall


def _macro_f1(answers: _Answers) -> DoubleArray:
    total = answers.support + answers.predicted
    f1 = np.divide(2 * answers.right, total, out=np.zeros_like(total), where=total > 0)
    mean: DoubleArray = f1.sum(-1) / (total > 0).sum(-1)
    return mean


MEASURES: Mapping[str, Callable[[_Answers], DoubleArray]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
}


def swap_test(
    pairs: Sequence[Pair], measure: str, group_of: Mapping[str, int] | None = None, *, seed: int = 0
) -> float:
    """How probable so large a mean difference of ``measure`` is, if both are equally good; two-sided.

    Fisher's randomisation test: both predictions of a sample change places, with every seed at once, so that
    a test image that occurs with every seed is not counted as several; with ``group_of``, all samples of a
    group at once. All ways to swap are counted where there are few, else 9,999 drawn ones and the observed
    one. For accuracy it estimates `over_seeds.pooled_mcnemar`.
    """
    names = sorted({name for pair in pairs for name in pair.first["sample_id"].to_pylist()})
    place_of = {name: place for place, name in enumerate(names)} if group_of is None else group_of
    changes = [_Change.of(pair, place_of) for pair in pairs]
    differing = np.unique(np.concatenate([change.places() for change in changes]))
    if not len(differing):
        return 1.0
    count, number = MEASURES[measure], len(differing)
    observed = np.mean(
        [change.differences(np.zeros((1, number), np.int64), differing, count)[0] for change in changes]
    )
    is_exact = number <= np.log2(_NUM_SWAPS)
    total, random, as_large = 2**number if is_exact else _NUM_SWAPS, np.random.default_rng(seed), 0
    for first in range(0, total, _AT_ONCE):
        rows = np.arange(first, min(total, first + _AT_ONCE))
        swaps = _binary(rows, number) if is_exact else random.integers(0, 2, (len(rows), number))
        mean = np.mean([change.differences(swaps, differing, count) for change in changes], axis=0)
        as_large += int((np.abs(mean) >= abs(observed) - 1e-12).sum())
    return as_large / total if is_exact else (as_large + 1) / (total + 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """A pair's counts, and what those of the first gain where a group is swapped (groups, C), sparse."""

    first: _Answers
    second: _Answers
    right: Any  # SciPy's sparse matrices.
    predicted: Any

    @classmethod
    def of(cls, pair: Pair, place_of: Mapping[str, int]) -> "_Change":
        places = np.array([place_of[name] for name in pair.first["sample_id"].to_pylist()])
        shape = max(place_of.values()) + 1, len(pair.class_names)
        label = column(pair.first, "label")
        counted = []
        for table in (pair.first, pair.second):
            predicted = column(table, "predicted")
            is_right = predicted == label
            right = _counts(places[is_right], label[is_right], shape)
            counted.append((right, _counts(places, predicted, shape)))
        support = np.bincount(label, minlength=shape[1]).astype(float)
        first, second = (_Answers(_summed(right), _summed(of), support) for right, of in counted)
        return cls(first, second, counted[1][0] - counted[0][0], counted[1][1] - counted[0][1])

    def places(self) -> IntArray:
        """The groups that a swap changes."""
        changed = abs(self.right).sum(1) + abs(self.predicted).sum(1)
        return np.flatnonzero(np.asarray(changed).ravel())

    def differences(
        self, swaps: IntArray, differing: IntArray, measure: Callable[[_Answers], DoubleArray]
    ) -> DoubleArray:
        """The second's measure minus the first's (n,) after ``swaps`` (n, groups that differ) of 0 and 1."""
        right, predicted = swaps @ self.right[differing], swaps @ self.predicted[differing]
        support = self.first.support
        first = _Answers(self.first.right + right, self.first.predicted + predicted, support)
        second = _Answers(self.second.right - right, self.second.predicted - predicted, support)
        return measure(second) - measure(first)


def _counts(places: IntArray, classes: IntArray, shape: tuple[int, int]) -> Any:  # noqa: ANN401 (SciPy's)
    """How often each class occurs in each group, sparse (groups, C)."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 (a second, only where it is needed)

    return csr_matrix((np.ones(len(places)), (places, classes)), shape=shape)


def _summed(counts: Any) -> DoubleArray:  # noqa: ANN401 (SciPy's)
    return np.asarray(counts.sum(0)).ravel()


def _binary(numbers: IntArray, digits: int) -> IntArray:
    return (numbers[:, None] >> np.arange(digits)) & 1
