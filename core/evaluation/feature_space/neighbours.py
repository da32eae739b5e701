"""The nearest samples in a network's feature space, by the cosine of the angle between their features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.evaluation.feature_space.exhaustive import Exhaustive
from core.evaluation.feature_space.sketch import Sketch

_MOST_EXHAUSTIVE = 100_000  # Samples; of more, a sketch gives the candidates.


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The ``rows`` (k,) of the nearest samples, nearest first, and their ``cosines`` (k,)."""

    rows: IntArray
    cosines: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSpace:
    """The features (N, D) of samples, which may be mapped into memory, and what gives candidates."""

    features: NDArray[np.float16]
    search: Exhaustive | Sketch

    @classmethod
    def of(cls, features: NDArray[np.float16]) -> "FeatureSpace":
        """The space of these features, which are read once; ValueError if there are none."""
        if not len(features):
            raise ValueError("a feature space of no samples")
        return cls(features, (Exhaustive if len(features) <= _MOST_EXHAUSTIVE else Sketch).of(features))

    def nearest(self, features: NDArray[np.float16], number: int = 9) -> Neighbours:
        """The samples nearest to one with these features (D,), or all if there are fewer.

        Float64 orders the candidates. They are complete up to 100,000 samples; beyond, the sketch may miss
        one. Features of length 0 have no direction: their cosine is 0.
        """
        number = min(number, len(self.features))
        candidates = np.sort(self.search.candidates(features, number))
        exact = cosines(self.features[candidates], features)
        order = np.argsort(-exact, kind="stable")[:number]
        return Neighbours(candidates[order], exact[order])


def cosines(features: NDArray[np.float16], one: NDArray[np.float16]) -> DoubleArray:
    """The cosines (n,) between features (n, D) and those of one sample (D,); 0 where one has length 0."""
    every, single = features.astype(np.float64), one.astype(np.float64)
    lengths = np.linalg.norm(every, axis=1) * np.linalg.norm(single)
    exact: DoubleArray = np.divide(every @ single, lengths, out=np.zeros(len(every)), where=lengths > 0)
    return exact
