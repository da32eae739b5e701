"""Is one checkpoint better than another, or was it chance? From how many samples only one of them gets right.

``num_fixed`` samples only the second gets right, ``num_broken`` only the first. Every sample counts as
independent of the others; frames of one film are not, and make every answer here too sure.
"""

from dataclasses import dataclass
from math import sqrt

_TOO_LIKELY = 0.05
_UNLIKELY = 0.01
_CAUTION = (
    "This takes the samples as independent of one another: with several photos of one object, "
    "or frames of one film, it is less certain than it sounds."
)


@dataclass(frozen=True, slots=True)
class McNemar:
    """The test's two counts, and the probability of so uneven a split were both equally good."""

    num_fixed: int
    num_broken: int
    p_value: float


@dataclass(frozen=True, slots=True)
class AccuracyDifference:
    """The second's accuracy minus the first's, in [-1, 1], and the ends of its 95 % confidence interval."""

    value: float
    low: float
    high: float


def mcnemar(num_fixed: int, num_broken: int) -> McNemar:
    """McNemar's test, two-sided (McNemar 1947, doi:10.1007/BF02295996).

    Exact for any counts, in a millisecond: chi-squared, which approximates it, is not needed.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 (a second, only where it is needed)

    differences = num_fixed + num_broken
    p_value = float(binomtest(num_fixed, differences).pvalue) if differences else 1.0
    return McNemar(num_fixed, num_broken, p_value)


def accuracy_difference(num_fixed: int, num_broken: int, num_samples: int) -> AccuracyDifference:
    """With the adjusted Wald interval (Bonett and Price 2012, doi:10.3102/1076998611411915).

    As if each had one more sample to itself, so that the interval has a width even where they never differ.
    """
    if not 0 <= num_fixed + num_broken <= num_samples or not num_samples:
        raise ValueError(f"{num_fixed} and {num_broken} of {num_samples} samples, expected a part of them")
    fixed, broken = ((count + 1) / (num_samples + 2) for count in (num_fixed, num_broken))
    reach = 1.959964 * sqrt((fixed + broken - (fixed - broken) ** 2) / (num_samples + 2))
    return AccuracyDifference(
        value=(num_fixed - num_broken) / num_samples,
        low=max(fixed - broken - reach, -1.0),
        high=min(fixed - broken + reach, 1.0),
    )


def in_words(test: McNemar, first_name: str, second_name: str) -> str:
    """What the test says, in sentences for a person without statistics."""
    if not test.num_fixed + test.num_broken:
        return f"No sample tells {first_name} and {second_name} apart: where one is right, so is the other."
    better = second_name if test.num_fixed > test.num_broken else first_name
    fixed, broken = _samples(test.num_fixed), f"{test.num_broken:,}"
    return (
        f"Only {second_name} is right on {fixed}, only {first_name} on {broken}. "
        "Were both equally good, a split at least as uneven would have a probability of "
        f"{_odds(test.p_value)}. {_verdict(test, better)} {_CAUTION}"
    )


def _samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count:,} samples"


def _odds(p_value: float) -> str:
    """A probability as people say it, in two digits."""
    if p_value >= 0.5:
        return "at least 1 in 2"
    for limit in (1e-6, 1e-4):
        if p_value < limit:
            return f"less than 1 in {round(1 / limit):,}"
    return f"about 1 in {float(f'{1 / p_value:.2g}'):,.0f}"


def _verdict(test: McNemar, better: str) -> str:
    if mcnemar(test.num_fixed + test.num_broken, 0).p_value >= _TOO_LIKELY:
        return "These are too few differences to tell which is better, whichever way they fall."
    if test.p_value >= _TOO_LIKELY:
        return "That is too even to tell which is better, which does not mean that they are equally good."
    if test.p_value >= _UNLIKELY:
        return f"Chance is an unlikely reason, but not one to rule out, for {better} being ahead."
    return f"It is hardly chance that {better} is ahead."
