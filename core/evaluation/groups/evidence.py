"""Does a group have more mistakes than the other samples? Likelihoods to search by, a test to confirm."""

from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.evaluation.groups.population import Booleans, Scope

Whole = tuple[float, float, float]
_LEAST_IN_HALF, _LEAST_WRONG_IN_HALF = 5, 3
_LARGEST_SHARE = 2 / 3  # Of a scope: what holds for more is usual.


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """The n samples of a scope as they count in one half; samples of the other half are 0 in all three.

    ``counted`` is 1 for a sample, ``wrong`` is 1 for a mistake, ``expected`` is the share of mistakes in the
    sample's stratum. The sum of ``expected`` over a group is the number of mistakes that it would have if it
    were like the rest.
    """

    counted: DoubleArray
    wrong: DoubleArray
    expected: DoubleArray

    def only(self, chosen: IntArray | Booleans) -> "Tally":
        """The tally of some of the samples."""
        return Tally(self.counted[chosen], self.wrong[chosen], self.expected[chosen])

    def whole(self) -> Whole:
        """The number of samples, of mistakes, and of expected mistakes."""
        return float(self.counted.sum()), float(self.wrong.sum()), float(self.expected.sum())


def tally(scope: Scope, is_wrong: Booleans, is_counted: Booleans) -> Tally:
    """The tally of a scope in the half ``is_counted`` (N,) of all samples, with ``is_wrong`` (N,)."""
    counted = is_counted[scope.rows].astype(np.float64)
    wrong = counted * is_wrong[scope.rows]
    of_stratum, of_wrong = (np.bincount(scope.strata, weights) for weights in (counted, wrong))
    # Half a mistake and half a right one more: no stratum is expected to be without mistakes.
    rates = (of_wrong + 0.5) / (of_stratum + 1)
    return Tally(counted, wrong, counted * rates[scope.strata])


def sums(places: IntArray, counts: Tally, num: int) -> DoubleArray:
    """Samples, mistakes and expected mistakes at each of ``num`` places: (3, num)."""
    parts = (counts.counted, counts.wrong, counts.expected)
    return np.stack([np.bincount(places, part, minlength=num) for part in parts])


def allowed_gain(parts: DoubleArray, whole: Whole) -> DoubleArray:
    """The `gain` (G,) of groups with sums (3, G); 0 for those that are too small or too large."""
    num, wrong, _ = parts
    is_allowed = (
        (num >= _LEAST_IN_HALF) & (wrong >= _LEAST_WRONG_IN_HALF) & (num <= _LARGEST_SHARE * whole[0])
    )
    return np.where(is_allowed, gain(parts, whole), 0.0)


def gain(parts: DoubleArray, whole: Whole) -> DoubleArray:
    """Twice the log-likelihood gained by one rate of mistakes for a group and another one for the rest.

    It is 0 for a group with fewer mistakes than expected. ``parts`` (3, G) are the sums over each group,
    ``whole`` those over the scope. With one stratum this is the G statistic of a two by two table (Sokal and
    Rohlf 1981, Biometry).
    """
    rest = np.array(whole)[:, None] - parts
    return np.where(parts[1] > parts[2], _likelihood(*parts) + _likelihood(*rest), 0.0)


def _likelihood(num: DoubleArray, wrong: DoubleArray, expected: DoubleArray) -> DoubleArray:
    """Twice the log-likelihood of ``wrong`` mistakes at their own rate, less that at the expected one."""
    from scipy.special import xlogy  # noqa: PLC0415 (a second, only where it is needed)

    right, usual = num - wrong, num - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = xlogy(wrong, wrong / expected) + xlogy(right, right / usual)
    return np.asarray(2 * np.nan_to_num(terms, nan=0.0, posinf=0.0, neginf=0.0))


def p_value(is_inside: Booleans, is_wrong: Booleans, strata: IntArray) -> float:
    """The probability of at least as many mistakes inside a group if membership did not matter.

    Fisher's exact test, one-sided, within each stratum: the mistakes inside are a sum of independent
    hypergeometric counts (the exact conditional test of Mantel and Haenszel). Many strata are convolved by
    Fourier transforms, exact to about 1e-15.
    """
    from scipy.signal import convolve  # noqa: PLC0415 (a second, only where it is needed)
    from scipy.stats import hypergeom  # noqa: PLC0415

    parts = (np.ones(len(strata)), is_wrong, is_inside, is_inside & is_wrong)
    counts = np.stack([np.bincount(strata, part) for part in parts], axis=1).astype(np.int64)
    above, probability = 0, np.ones(1)  # Mistakes inside above the fewest possible: observed, and their law.
    for size, bad, inside, observed in counts[counts[:, 0] > 0]:
        fewest, most = max(0, inside + bad - size), min(inside, bad)
        above += int(observed) - fewest
        probability = convolve(probability, hypergeom.pmf(np.arange(fewest, most + 1), size, bad, inside))
    return float(np.clip(probability[above:].sum(), 0.0, 1.0))


def holm(p_values: DoubleArray) -> DoubleArray:
    """P-values corrected for their number (Holm 1979), at most 1."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return corrected
