"""Trainings repeated with several seeds: a mean with its interval, and a paired test over all seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.evaluation.comparing.comparison import Pair
from core.evaluation.comparing.significance import (
    McNemar,
    accuracy_difference,
    accuracy_difference_by_group,
    mcnemar_by_group,
    wilson,
)
from core.evaluation.metrics import is_right


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, its 95% interval, and how that was computed."""

    mean: float
    low: float
    high: float
    method: str


def t_interval(values: DoubleArray, low: float, high: float) -> Interval:
    """The mean of one value for each seed (n,), n >= 2, with Student's t interval, cut to [low, high].

    It says how far the mean moves with the seed: initial weights, order of the batches and, where the split
    is random, which images are for testing.
    """
    from scipy.stats import t  # noqa: PLC0415 (a second, only where it is needed)

    number = len(values)
    if number < 2:
        raise ValueError(f"{number} value, expected two or more")
    reach = t.ppf(0.975, number - 1) * values.std(ddof=1) / np.sqrt(number)
    mean = float(values.mean())
    # The mean is within, whatever the rounding.
    return Interval(
        mean,
        min(mean, max(low, float(mean - reach))),
        max(mean, min(high, float(mean + reach))),
        f"t over {number} seeds",
    )


def accuracy_interval(right: NDArray[np.bool_], groups: IntArray | None = None) -> Interval:
    """The accuracy of one training, with the interval that its test samples (N,) allow.

    Wilson's, which takes the samples as independent; with ``groups`` (N,), that of a ratio estimate over
    groups. It says nothing about other seeds.
    """
    if groups is not None and len(np.unique(groups)) > 1:
        rows = pd.DataFrame({"right": right, "samples": 1}).groupby(groups).sum()
        counts = rows["right"].to_numpy(), rows["samples"].to_numpy()
        found = accuracy_difference_by_group(counts[0], np.zeros_like(counts[0]), counts[1])
        return Interval(found.value, max(0.0, found.low), found.high, "groups of 1 seed")
    share, low, high = (float(each) for each in wilson(np.array(right.sum()), np.array(len(right))))
    return Interval(share, min(share, max(0.0, low)), max(share, min(1.0, high)), "Wilson, 1 seed")


def pooled_mcnemar(pairs: Sequence[Pair], group_of: Mapping[str, int] | None = None) -> McNemar:
    """McNemar's test over the pairs of all seeds, where all results of one group count as one.

    ``group_of`` gives the group of a sample by its ``sample_id``; without it each sample is its own group, so
    that a test image that occurs with every seed is not counted as several. For one pair, it is
    `significance.mcnemar` or, with groups, `significance.mcnemar_by_group`. ValueError without pairs.
    """
    if not pairs:
        raise ValueError("no pair of tables, expected one for each seed")
    rows = pd.concat([_changes(pair, group_of) for pair in pairs]).groupby("group").sum()
    return mcnemar_by_group(rows["fixed"].to_numpy(), rows["broken"].to_numpy())


def difference_of_one_seed(pair: Pair, group_of: Mapping[str, int] | None = None) -> Interval:
    """The second's accuracy minus the first's, with the interval that the test samples allow.

    As `significance.accuracy_difference`, or with groups `significance.accuracy_difference_by_group`.
    """
    rows = _changes(pair, group_of).assign(samples=1).groupby("group").sum()
    if len(rows) in (1, pair.first.num_rows):
        total = rows.sum()
        change = accuracy_difference(int(total["fixed"]), int(total["broken"]), int(total["samples"]))
        return Interval(change.value, change.low, change.high, "1 seed")
    columns = (rows[name].to_numpy() for name in ("fixed", "broken", "samples"))
    change = accuracy_difference_by_group(*columns)
    return Interval(change.value, change.low, change.high, "groups of 1 seed")


def _changes(pair: Pair, group_of: Mapping[str, int] | None) -> pd.DataFrame:
    """A row for each sample: its group, and whether the second fixed or broke it (0 or 1)."""
    first, second = is_right(pair.first), is_right(pair.second)
    names = pair.first["sample_id"].to_pylist()
    return pd.DataFrame(
        {
            "group": names if group_of is None else [group_of[name] for name in names],
            "fixed": (~first & second).astype(np.int64),
            "broken": (first & ~second).astype(np.int64),
        }
    )
