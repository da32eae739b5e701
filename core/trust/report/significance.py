"""Intervals and tests for the scores of one pair on several photos."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray

_DRAWS = 10_000
_TAILS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over photos, and its 95% interval."""

    value: float
    low: float
    high: float


def bootstrap_mean(values: DoubleArray, seed: int) -> Mean:
    """The mean of values (n,), with the percentiles of 10,000 bootstrap means (Efron 1979).

    The same seed draws the same photos, for each of several measures of them.
    """
    drawn = np.random.default_rng(seed).integers(len(values), size=(_DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(1), _TAILS)
    mean = float(values.mean())
    return Mean(mean, min(float(low), mean), max(float(high), mean))


def p_above_zero(scores: DoubleArray) -> float:
    """How probable scores (n,) as high as these are if each sign is random; Wilcoxon 1945, one-sided.

    That is so for random maps: the reversed order of the patches, which is as probable, has the score with
    the other sign.
    """
    from scipy.stats import wilcoxon  # noqa: PLC0415 (a second, only where it is needed)

    differing = scores[scores != 0]
    return float(wilcoxon(differing, alternative="greater").pvalue) if len(differing) else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected for their number (Holm 1979); in the order given."""
    num, corrected, largest = len(p_values), [1.0] * len(p_values), 0.0
    for place, index in enumerate(np.argsort(p_values, kind="stable").tolist()):
        largest = max(largest, min(1.0, (num - place) * p_values[index]))
        corrected[index] = largest
    return corrected
