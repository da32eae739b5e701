"""Is the second checkpoint better than the first? Tested by group if samples belong together."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.arrays import IntArray
from core.evaluation.comparing.comparison import GroupChange, Pair, Piles, per_group_change
from core.evaluation.comparing.significance import (
    AccuracyDifference,
    McNemar,
    accuracy_difference,
    accuracy_difference_by_group,
    mcnemar,
    mcnemar_by_group,
)
from core.shares import percent

_SMALL = 1e-4


@dataclass(frozen=True, slots=True)
class Verdict:
    """Both accuracies in [0, 1] on ``num_samples``, their difference, and McNemar's test.

    ``num_groups`` is None if the samples are taken as independent.
    """

    num_samples: int
    first_accuracy: float
    second_accuracy: float
    difference: AccuracyDifference
    test: McNemar
    num_groups: int | None = None


def verdict(piles: Piles, change: GroupChange | None) -> Verdict:
    """The verdict on four piles of samples; with ``change``, groups are taken as independent, not samples."""
    both, fixed, broken = len(piles.both_right), len(piles.fixed), len(piles.broken)
    num_samples = both + fixed + broken + len(piles.both_wrong)
    accuracies = (both + broken) / num_samples, (both + fixed) / num_samples
    if change is None:
        difference = accuracy_difference(fixed, broken, num_samples)
        return Verdict(num_samples, *accuracies, difference, mcnemar(fixed, broken))
    difference = accuracy_difference_by_group(change.num_fixed, change.num_broken, change.num_samples)
    test = mcnemar_by_group(change.num_fixed, change.num_broken)
    return Verdict(num_samples, *accuracies, difference, test, len(change.num_samples))


def by_group(pair: Pair, sample_ids: Sequence[str], groups: IntArray | None) -> GroupChange | None:
    """The change in each group; ``groups`` (n,) numbers the groups of ``sample_ids`` (n,).

    None if there are fewer than two groups, or a shared sample has no group.
    """
    if groups is None:
        return None
    try:
        change = per_group_change(pair, sample_ids, groups)
    except ValueError:
        return None
    return change if len(change.num_samples) > 1 else None


def headline(verdict: Verdict, first_name: str, second_name: str) -> str:
    """Both accuracies and their difference with its interval, in one sentence."""
    first, second = (percent(each) for each in (verdict.first_accuracy, verdict.second_accuracy))
    count = "1 sample" if verdict.num_samples == 1 else f"{verdict.num_samples:,} samples"
    return (
        f"{second_name} is right on {second} of {count}, {first_name} on {first}: "
        f"{points(verdict.difference.value)} points, 95% interval {interval(verdict.difference)}"
    )


def counted(verdict: Verdict) -> str:
    """The test in the terms of statistics: its name, p-value and units."""
    probability = p_words(verdict.test.p_value)
    if verdict.num_groups is None:
        return (
            f"McNemar's test, exact, {probability}; the {verdict.num_samples:,} samples are taken as "
            "independent"
        )
    return (
        f"McNemar's test over groups, exact, {probability}; the {verdict.num_groups:,} groups of "
        f"{verdict.num_samples:,} samples are taken as independent"
    )


def p_words(p_value: float) -> str:
    """A p-value: ``p = 0.03``."""
    return f"p < {_SMALL:.4f}" if p_value < _SMALL else f"p = {p_value:.2g}"


def interval(difference: AccuracyDifference) -> str:
    """The interval of a difference, in percentage points."""
    low, high = difference.low, difference.high
    return f"{points(low)} to {points(high)}" if low < 0 else f"{low * 100:.1f} to {high * 100:.1f}"


def points(difference: float) -> str:
    """A difference in percentage points with its sign; zero has none."""
    text = f"{difference * 100:+.1f}".replace("-", "−")
    return text if text.strip("+−0.") else "0.0"
