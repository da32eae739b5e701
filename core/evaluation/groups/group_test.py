"""A group of mistakes kept as a test: of its samples, a share must be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
import pandas as pd

from core.arrays import IntArray
from core.evaluation.comparing.significance import wilson
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.population import Booleans
from core.shares import percent, whole_percent


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Samples of the true ``classes`` (names; empty: any class) for which all ``conditions`` hold."""

    conditions: tuple[Condition, ...]
    classes: tuple[str, ...] = ()

    @property
    def columns(self) -> set[str]:
        """The properties that must be known."""
        return {each.column for each in self.conditions}

    def holds(self, properties: pd.DataFrame, labels: IntArray, class_names: tuple[str, ...]) -> Booleans:
        """Whether it holds for each sample (N,), with ``labels`` (N,) as indices of ``class_names``."""
        inside = np.logical_and.reduce([each.holds(properties) for each in self.conditions])
        if self.classes:
            wanted = [index for index, name in enumerate(class_names) if name in self.classes]
            inside &= np.isin(labels, wanted)
        return np.asarray(inside)


@dataclass(frozen=True, slots=True)
class GroupTest:
    """A group by a name that a user chose, and the accuracy ``at_least``, in (0, 1], that it must have.

    On the data set with this ``fingerprint``, in which the group was found, it has the samples
    ``sample_ids``: the same photos for every network, so that two networks can be compared photo by photo.
    On other data it has the samples for which ``rule`` holds. A cluster has no rule: what looks alike to one
    network does not to another. A group of what is *predicted* as a class has none either, as another network
    predicts otherwise.
    """

    name: str
    at_least: float
    sample_ids: tuple[str, ...]
    fingerprint: str | None = None
    rule: GroupRule | None = None

    @property
    def percent(self) -> int:
        """The accuracy that it must have, in whole percent."""
        return round(100 * self.at_least)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a test of a group needs a name")
        if not 0 < self.at_least <= 1:
            raise ValueError(f"{self.at_least!r} as the least accuracy, expected more than 0 and at most 1")


@dataclass(frozen=True, slots=True)
class GroupScore:
    """A network's score on a test: ``num_right`` of its ``sample_ids``, mistakes first; it may have none."""

    test: GroupTest
    num_right: int
    sample_ids: tuple[str, ...]

    @property
    def num_samples(self) -> int:
        """The number of samples."""
        return len(self.sample_ids)

    @property
    def accuracy(self) -> float:
        """The share that is right, in [0, 1]; NaN without samples."""
        return self.num_right / self.num_samples if self.sample_ids else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of the accuracy (Wilson), which takes the samples as independent."""
        _, low, high = wilson(np.array(self.num_right), np.array(self.num_samples))
        return float(low), float(high)

    @property
    def has_passed(self) -> bool:
        """Whether the accuracy, as measured, is at least the one asked for."""
        return passes(self.test, self.accuracy)


def passes(test: GroupTest, accuracy: float) -> bool:
    """Whether an accuracy is enough for a test; NaN is not."""
    return accuracy >= test.at_least


def in_words(score: GroupScore) -> str:
    """``sand: 93.1% of 58 samples right, 95% interval 83.6% to 97.3%; at least 90% asked: passed``."""
    name = score.test.name
    if not score.num_samples:
        return f"{name}: no sample of it here"
    low, high = score.interval
    asked = f"at least {whole_percent(score.test.at_least)} asked"
    return (
        f"{name}: {percent(score.accuracy)} of {score.num_samples:,} samples right, 95% interval "
        f"{percent(low)} to {percent(high)}; {asked}: {'passed' if score.has_passed else 'failed'}"
    )


def usual_percent(error_outside: float) -> int:
    """The accuracy to ask of a group at first, in percent: that of all other samples, rounded down."""
    return max(floor(100 * (1 - error_outside) + 1e-9), 1)


def summary(scores: Sequence[GroupScore]) -> str:
    """``1 of 2 kept groups passed``; tests without samples do not count."""
    tested = [each for each in scores if each.num_samples]
    return f"{sum(each.has_passed for each in tested)} of {len(tested)} kept groups passed"
