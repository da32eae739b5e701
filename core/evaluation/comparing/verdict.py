"""Is the second checkpoint better than the first? By group where samples belong together."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.arrays import IntArray
from core.evaluation import shares
from core.evaluation.comparing.comparison import GroupChange, Pair, Piles, per_group_change
from core.evaluation.comparing.significance import (
    AccuracyDifference,
    McNemar,
    accuracy_difference,
    accuracy_difference_by_group,
    mcnemar,
    mcnemar_by_group,
)

_SMALL = 1e-4


@dataclass(frozen=True, slots=True)
class Verdict:
    """Accuracies of both in [0, 1] on ``num_samples``, their difference, and the test.

    ``num_groups`` is None where each sample counts for itself.
    """

    num_samples: int
    first_accuracy: float
    second_accuracy: float
    difference: AccuracyDifference
    test: McNemar
    num_groups: int | None = None


def verdict(piles: Piles, change: GroupChange | None) -> Verdict:
    """What the piles say; ``change`` counts groups instead of samples where there are any."""
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
    """What changed in each group, of which ``groups`` (n,) has the number for each of ``sample_ids`` (n,).

    None where there are not two groups, or a shared sample has none.
    """
    if groups is None:
        return None
    try:
        change = per_group_change(pair, sample_ids, groups)
    except ValueError:
        return None
    return change if len(change.num_samples) > 1 else None


def headline(verdict: Verdict, first_name: str, second_name: str) -> str:
    """How good both are and how sure the difference is, in one sentence."""
    first, second = (percent(each) for each in (verdict.first_accuracy, verdict.second_accuracy))
    count = "1 sample" if verdict.num_samples == 1 else f"{verdict.num_samples:,} samples"
    return (
        f"{second_name} is right on {second} of {count}, {first_name} on {first}: "
        f"{points(verdict.difference.value)} points, 95 % interval {interval(verdict.difference)}"
    )


def counted(verdict: Verdict) -> str:
    """What was tested, for those who know the test: its name, p-value and units."""
    probability = p_words(verdict.test.p_value)
    if verdict.num_groups is None:
        return (
            f"McNemar's test, exact, {probability}; each of the {verdict.num_samples:,} samples counts for "
            "itself"
        )
    return (
        f"McNemar's test over groups, exact, {probability}; samples that belong together count together: "
        f"{verdict.num_samples:,} samples in {verdict.num_groups:,} groups"
    )


def percent(share: float) -> str:
    """A share with one decimal."""
    return shares.percent(share).replace("%", " %")


def p_words(p_value: float) -> str:
    """A p-value as it is written."""
    return f"p < {_SMALL:.4f}" if p_value < _SMALL else f"p = {p_value:.2g}"


def interval(difference: AccuracyDifference) -> str:
    """Both ends of the interval, in points."""
    low, high = difference.low, difference.high
    return f"{points(low)} to {points(high)}" if low < 0 else f"{low * 100:.1f} to {high * 100:.1f}"


def points(difference: float) -> str:
    """Points with their sign; nothing has none."""
    text = f"{difference * 100:+.1f}".replace("-", "−")
    return text if text.strip("+−0.") else "0.0"
