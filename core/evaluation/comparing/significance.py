"""Is one checkpoint better than another, or is it chance? Tests on samples that only one of them gets right.

``num_fixed`` samples are right only in the second, ``num_broken`` only in the first. Tests on samples take
them as independent. That is wrong for 30 frames of one road sign, and makes the test far too certain. Tests
by group take only the groups as independent; there the counts are arrays (G,), one number for each group.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray

_TOO_LIKELY = 0.05
_UNLIKELY = 0.01
_Z = 1.959964  # For a 95% interval.
CAUTION = (
    "This test takes the samples as independent: with several photos of one object, or frames of one "
    "video, the result is less certain than it seems."
)


@dataclass(frozen=True, slots=True)
class McNemar:
    """The test's two counts, and the probability of a split at least as uneven if both are equally good.

    ``groups``, in a test by group, counts the groups in which the second, and the first, gets more right.
    """

    num_fixed: int
    num_broken: int
    p_value: float
    groups: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class AccuracyDifference:
    """The second accuracy minus the first, in [-1, 1], and its 95% confidence interval."""

    value: float
    low: float
    high: float


def mcnemar(num_fixed: int, num_broken: int) -> McNemar:
    """McNemar's test, two-sided (McNemar 1947, doi:10.1007/BF02295996).

    Exact for any counts, in a millisecond; the chi-squared approximation is not needed.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 (a second, only where it is needed)

    differences = num_fixed + num_broken
    p_value = float(binomtest(num_fixed, differences).pvalue) if differences else 1.0
    return McNemar(num_fixed, num_broken, p_value)


def mcnemar_by_group(num_fixed: IntArray, num_broken: IntArray) -> McNemar:
    """McNemar's test if only groups are independent: if both are equally good, each group's sign is random.

    Fisher's exact randomisation test on fixed minus broken of each group; equal to `mcnemar` if every group
    is one sample. For many groups, the squared sum over the sum of squares is chi-squared.
    """
    from scipy.signal import convolve  # noqa: PLC0415 (a second, only where it is needed)
    from scipy.stats import binom  # noqa: PLC0415

    net = num_fixed - num_broken
    probability = np.ones(1)  # Of the sum over the groups won by the second, from 0 to the total.
    for size, count in zip(*np.unique(np.abs(net[net != 0]), return_counts=True), strict=True):
        of_size = np.zeros(size * count + 1)
        of_size[::size] = binom.pmf(np.arange(count + 1), count, 0.5)
        probability = convolve(probability, of_size)
    sums = 2 * np.arange(len(probability)) - (len(probability) - 1)
    p_value = float(np.clip(probability[np.abs(sums) >= abs(net.sum())].sum(), 0, 1))
    groups = (int((net > 0).sum()), int((net < 0).sum()))
    return McNemar(int(num_fixed.sum()), int(num_broken.sum()), p_value, groups)


def wilson(num_right: NDArray[np.int64], num_samples: NDArray[np.int64]) -> tuple[DoubleArray, ...]:
    """A share and its 95% interval (Wilson 1927)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = num_right / num_samples
        middle = (num_right + _Z**2 / 2) / (num_samples + _Z**2)
        reach = _Z * np.sqrt(share * (1 - share) * num_samples + _Z**2 / 4) / (num_samples + _Z**2)
    return share, middle - reach, middle + reach


def accuracy_difference(num_fixed: int, num_broken: int, num_samples: int) -> AccuracyDifference:
    """With the adjusted Wald interval (Bonett and Price 2012, doi:10.3102/1076998611411915).

    One is added to both counts, so that the interval has a width even if the two never differ.
    """
    if not 0 <= num_fixed + num_broken <= num_samples or not num_samples:
        raise ValueError(f"{num_fixed} and {num_broken} of {num_samples} samples, expected a part of them")
    fixed, broken = ((count + 1) / (num_samples + 2) for count in (num_fixed, num_broken))
    reach = _Z * sqrt((fixed + broken - (fixed - broken) ** 2) / (num_samples + 2))
    return AccuracyDifference(
        value=(num_fixed - num_broken) / num_samples,
        low=max(fixed - broken - reach, -1.0),
        high=min(fixed - broken + reach, 1.0),
    )


def accuracy_difference_by_group(
    num_fixed: IntArray, num_broken: IntArray, num_samples: IntArray
) -> AccuracyDifference:
    """With the interval of a ratio estimate over groups (Cochran 1977, Sampling Techniques, ch. 6)."""
    from scipy.stats import t  # noqa: PLC0415 (a second, only where it is needed)

    num_groups = len(num_samples)
    if num_groups < 2:
        raise ValueError(f"{num_groups} group, expected two or more")
    net = num_fixed - num_broken
    value = net.sum() / num_samples.sum()
    spread = sqrt(((net - value * num_samples) ** 2).sum() * num_groups / (num_groups - 1))
    reach = t.ppf(0.975, num_groups - 1) * spread / num_samples.sum()
    return AccuracyDifference(float(value), max(float(value - reach), -1.0), min(float(value + reach), 1.0))


def in_words(test: McNemar, first_name: str, second_name: str) -> str:
    """The result of the test, in sentences for readers without statistics."""
    if not test.num_fixed + test.num_broken:
        return f"{first_name} and {second_name} are right and wrong on the same samples."
    better = second_name if test.num_fixed > test.num_broken else first_name
    fixed, broken = _samples(test.num_fixed), f"{test.num_broken:,}"
    return (
        f"Only {second_name} is right on {fixed}, only {first_name} on {broken}. "
        f"{_evidence(test, first_name, second_name)}"
        "If both were equally good, a split at least as uneven would have a probability of "
        f"{odds(test.p_value)}. {_verdict(test, better)}{_caution(test)}"
    )


def _evidence(test: McNemar, first_name: str, second_name: str) -> str:
    if test.groups is None:
        return ""
    return (
        f"The samples form groups, such as the frames of one video: {second_name} is ahead in "
        f"{test.groups[0]:,} groups, {first_name} in {test.groups[1]:,}. "
    )


def _caution(test: McNemar) -> str:
    return f" {CAUTION}" if test.groups is None else ""


def _samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count:,} samples"


def odds(p_value: float) -> str:
    """A probability in words, with two digits: ``about 1 in 20``."""
    if p_value >= 0.5:
        return "at least 1 in 2"
    for limit in (1e-6, 1e-4):
        if p_value < limit:
            return f"less than 1 in {round(1 / limit):,}"
    return f"about 1 in {float(f'{1 / p_value:.2g}'):,.0f}"


def _verdict(test: McNemar, better: str) -> str:
    differences = sum(test.groups or (test.num_fixed, test.num_broken))
    if mcnemar(differences, 0).p_value >= _TOO_LIKELY:
        return "There are too few differences to tell which is better, whatever their direction."
    if test.p_value >= _TOO_LIKELY:
        return "The split is too even to tell which is better; this does not show that they are equally good."
    if test.p_value >= _UNLIKELY:
        return f"It is unlikely, but possible, that {better} is ahead by chance."
    return f"It is very unlikely that {better} is ahead by chance."
