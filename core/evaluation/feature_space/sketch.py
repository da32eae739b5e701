"""A small copy of many samples' features, in which a search for the nearest is fast."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.arrays import IntArray

_CHUNK = 8192
_WIDTH = 128  # Directions.
_SOME = 20_000  # Samples, at most, that decide the directions.
_CANDIDATES = 2_000
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Features of length 1 in few directions: ``points`` (N, d) in float16, ``directions`` (D, d).

    The product of two points is close to the cosine between the features: the directions are those that hold
    most of it.
    """

    points: Tensor
    directions: Tensor

    @classmethod
    def of(cls, features: NDArray[np.float16]) -> "Sketch":
        """The sketch of features (N, D), which are read once, in pieces: 256 bytes a sample."""
        every = torch.from_numpy(features)
        directions = _directions(every)
        pieces = (_unit(piece.float()) @ directions for piece in every.split(_CHUNK))
        return cls(torch.cat([piece.half() for piece in pieces]), directions)

    def candidates(self, features: NDArray[np.float16], number: int) -> IntArray:
        """Rows, in no order, that seem nearest to one sample's features (D,): ``number`` or 2,000."""
        one = _unit(torch.from_numpy(features.astype(np.float32))[None])[0] @ self.directions
        num_candidates = min(max(number, _CANDIDATES), len(self.points))
        rows: IntArray = (self.points @ one.half()).topk(num_candidates, sorted=False).indices.numpy()
        return rows


def _directions(features: Tensor) -> Tensor:
    """Orthonormal directions (D, d) that hold most of the samples' second moments, as far as some show."""
    step = -(-len(features) // _SOME)
    some = _unit(features[::step].float())
    axes: Tensor = torch.linalg.eigh((some.T @ some).double())[1]
    return axes.flip(1)[:, :_WIDTH].float().contiguous()


def _unit(features: Tensor) -> Tensor:
    unit: Tensor = features / features.norm(dim=1, keepdim=True).clamp(min=_TINY)
    return unit
