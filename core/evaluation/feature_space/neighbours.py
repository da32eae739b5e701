"""The nearest samples in a network's feature space, by the cosine of the angle between their features."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.arrays import DoubleArray, IntArray

_CHUNK = 4096
# A product in float16 rounds a cosine by up to 0.001, and must stay below 65,504.
_ROUNDING, _LONGEST = 4e-3, 3e4
_MOST_EQUAL = 5_000  # Samples that are compared exactly.


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The ``rows`` (k,) of the nearest samples, nearest first, and their ``cosines`` (k,)."""

    rows: IntArray
    cosines: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSpace:
    """The features (N, D) of samples, which may be mapped into memory, and their lengths (N,)."""

    features: NDArray[np.float16]
    lengths: Tensor

    @classmethod
    def of(cls, features: NDArray[np.float16]) -> "FeatureSpace":
        """The space of these features, which are read once; ValueError if there are none."""
        if not len(features):
            raise ValueError("a feature space of no samples")
        pieces = torch.from_numpy(features).split(_CHUNK)
        return cls(features, torch.cat([piece.float().norm(dim=1) for piece in pieces]))

    def nearest(self, features: NDArray[np.float16], number: int = 9) -> Neighbours:
        """The samples nearest to one with these features (D,), or all if there are fewer.

        A product in float16 finds the candidates, float64 orders them. Features of length 0 have no
        direction: their cosine is 0.
        """
        rough = self._cosines(features)
        number = min(number, len(rough))
        least = rough.topk(number).values[-1] - _ROUNDING
        num_candidates = max(number, min(int((rough >= least).sum()), _MOST_EQUAL))
        candidates = np.sort(rough.topk(num_candidates).indices.numpy())
        exact = cosines(self.features[candidates], features)
        order = np.argsort(-exact, kind="stable")[:number]
        return Neighbours(candidates[order], exact[order])

    def _cosines(self, features: NDArray[np.float16]) -> Tensor:
        """The cosines (N,) to one sample, rounded."""
        one, every = torch.from_numpy(features.astype(np.float32)), torch.from_numpy(self.features)
        one = one / one.norm().clamp(min=1e-12)
        if self.lengths.max() < _LONGEST:
            products = (every @ one.half()).float()
        else:
            products = torch.cat([piece.float() @ one for piece in every.split(_CHUNK)])
        rough: Tensor = products / self.lengths.clamp(min=1e-12)
        return rough


def cosines(features: NDArray[np.float16], one: NDArray[np.float16]) -> DoubleArray:
    """The cosines (n,) between features (n, D) and those of one sample (D,); 0 where one has length 0."""
    every, single = features.astype(np.float64), one.astype(np.float64)
    lengths = np.linalg.norm(every, axis=1) * np.linalg.norm(single)
    exact: DoubleArray = np.divide(every @ single, lengths, out=np.zeros(len(every)), where=lengths > 0)
    return exact
