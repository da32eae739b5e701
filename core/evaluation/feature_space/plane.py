"""A view of features in a plane: along their two main directions (principal component analysis)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.arrays import FloatArray

_CHUNK = 4096
_DIRECTIONS, _ROUNDS = 12, 4


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The ``points`` (N, 2) of samples, and the ``shares`` of all variance along both axes."""

    points: FloatArray
    shares: tuple[float, float]


def main_plane(features: NDArray[np.float16]) -> Plane:
    """The view of features (N, D) along the two directions of largest variance.

    By subspace iteration from random directions of a fixed seed (Halko 2011, doi:10.1137/090771806, section
    4.5), which reads the features six times, in pieces. The largest entry of each direction is above 0. With
    fewer than two directions in the features, the remaining coordinates are 0.
    """
    every = torch.from_numpy(features)
    mean, total = _mean_and_variance(every)
    random = torch.randn(every.shape[1], _DIRECTIONS, generator=torch.Generator().manual_seed(0))
    product = random.double()
    for _ in range(_ROUNDS):
        directions = torch.linalg.qr(product)[0]
        product = _covariance(every, mean, directions)
    # Within the subspace, the covariance is a small matrix.
    small = directions.T @ product
    variances, rotation = torch.linalg.eigh((small + small.T) / 2)
    axes = _turned((directions @ rotation).flip(1)[:, :2]).float()
    points = torch.zeros(len(every), 2)
    points[:, : axes.shape[1]] = torch.cat([(each - mean) @ axes for each in _pieces(every)])
    shares = (variances.flip(0) / max(total, 1e-12)).tolist()
    return Plane(points.numpy(), (shares[0], shares[1] if len(shares) > 1 else 0.0))


def _pieces(features: Tensor) -> Iterator[Tensor]:
    return (each.float() for each in features.split(_CHUNK))


def _mean_and_variance(features: Tensor) -> tuple[Tensor, float]:
    """The mean (D,) of features, and the sum of the variances along all axes."""
    sums, squares = torch.zeros(features.shape[1], dtype=torch.float64), 0.0
    for each in _pieces(features):
        sums += each.sum(0)
        squares += float(each.norm()) ** 2
    mean = sums / len(features)
    return mean.float(), max(0.0, squares / len(features) - float(mean @ mean))


def _covariance(features: Tensor, mean: Tensor, directions: Tensor) -> Tensor:
    """The covariance of features (D, D), times directions (D, k), in float64."""
    product, narrow = torch.zeros_like(directions), directions.float()
    for each in _pieces(features):
        centred = each - mean
        product += centred.T @ (centred @ narrow)
    return product / len(features)


def _turned(axes: Tensor) -> Tensor:
    """Axes (D, k), each with its largest entry above 0."""
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    return torch.where(largest < 0, -axes, axes)
