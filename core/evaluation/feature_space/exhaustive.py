"""The nearest samples by a product with all features."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.arrays import IntArray

_CHUNK = 4096
# A product in float16 rounds a cosine by up to 0.001, and must stay below 65,504.
_ROUNDING, _LONGEST = 4e-3, 3e4
_MOST_EQUAL = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Exhaustive:
    """The features (N, D) of samples, which may be mapped into memory, and their lengths (N,)."""

    features: NDArray[np.float16]
    lengths: Tensor

    @classmethod
    def of(cls, features: NDArray[np.float16]) -> "Exhaustive":
        """These features, which are read once."""
        pieces = torch.from_numpy(features).split(_CHUNK)
        return cls(features, torch.cat([piece.float().norm(dim=1) for piece in pieces]))

    def candidates(self, features: NDArray[np.float16], number: int) -> IntArray:
        """Rows, in no order, with the ``number`` nearest ones to one sample's features (D,).

        They are all those that may be among them, as far as the product is rounded, and at most 5,000.
        """
        rough = self._cosines(features)
        least = rough.topk(number).values[-1] - _ROUNDING
        num_candidates = max(number, min(int((rough >= least).sum()), _MOST_EQUAL))
        rows: IntArray = rough.topk(num_candidates).indices.numpy()
        return rows

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
