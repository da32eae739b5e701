"""What a network with many classes sees in a group more often than elsewhere: words for what photos show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.evaluation.groups.evidence import holm, p_value
from core.evaluation.groups.halves import first_half
from core.evaluation.groups.population import Booleans
from core.shares import whole_percent

_TRIED, _MOST = 8, 3
_LEVEL, _LEAST = 0.05, 0.1


@dataclass(frozen=True, slots=True)
class Sighting:
    """A class that is among the likeliest for a share ``inside`` of the group, and ``outside`` elsewhere."""

    class_name: str
    inside: float
    outside: float

    def __str__(self) -> str:
        """``more chainlink fence: 41%, elsewhere 6%``."""
        return (
            f"more {self.class_name}: {whole_percent(self.inside)}, elsewhere {whole_percent(self.outside)}"
        )


def sightings(
    seen: IntArray, class_names: Sequence[str], is_inside: Booleans, strata: IntArray, *, seed: int = 0
) -> list[Sighting]:
    """The classes that are seen more often inside a group, at most three, the largest difference first.

    ``seen`` (N, k) are the likeliest classes of each sample, ``strata`` (N,) its true class: a group is
    compared with samples of its own classes. The eight classes with the largest difference in one half of the
    samples are tested in the other (Fisher's exact test, Holm's correction); the shares are those of that
    half. Differences of less than 10 points are not worth a word.
    """
    first = first_half(strata, is_inside, seed)
    if not all(len(np.unique(is_inside[half])) == 2 for half in (first, ~first)):
        return []
    searched, held = (_excess(seen[half], is_inside[half], len(class_names)) for half in (first, ~first))
    tried = np.argsort(-(searched[0] - searched[1]), kind="stable")[:_TRIED]
    tests = [_p_value(seen[~first], each, is_inside[~first], strata[~first]) for each in tried.tolist()]
    sure = [each for each, p in zip(tried.tolist(), holm(np.array(tests)), strict=True) if p < _LEVEL]
    found = [Sighting(class_names[each], float(held[0][each]), float(held[1][each])) for each in sure]
    large = [each for each in found if each.inside - each.outside >= _LEAST]
    return sorted(large, key=lambda each: each.outside - each.inside)[:_MOST]


def _excess(seen: IntArray, is_inside: Booleans, num_classes: int) -> tuple[DoubleArray, DoubleArray]:
    """The share of samples in which each class (C,) is seen, inside and outside."""
    inside, outside = (
        np.bincount(seen[part].ravel(), minlength=num_classes) for part in (is_inside, ~is_inside)
    )
    return inside / is_inside.sum(), outside / (~is_inside).sum()


def _p_value(seen: IntArray, class_idx: int, is_inside: Booleans, strata: IntArray) -> float:
    return p_value(is_inside, (seen == class_idx).any(axis=1), np.unique(strata, return_inverse=True)[1])
