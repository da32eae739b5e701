"""How far two maps agree: by the order of their cells, and by their local structure."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FloatArray = NDArray[np.float64]

_WINDOW = 7  # Cells of a side, as in Wang 2004.


def rank_correlation(maps: Tensor, others: Tensor) -> Tensor:
    """Spearman's rank correlation (N,) of each map (N, h, w) with its other, in [-1, 1], float64.

    Equal values share their mean rank. Another map that is constant keeps nothing of the order: 0, which is
    also the mean over all ways to break its ties. NaN where the map itself is constant: there is no order
    that another could keep.
    """
    first, second = _centred_ranks(maps), _centred_ranks(others)
    sizes = first.norm(dim=1) * second.norm(dim=1)
    correlation = torch.where(sizes > 0, (first * second).sum(1) / sizes.clamp_min(1e-300), 0)
    return torch.where(first.any(1), correlation, torch.nan)


def similarity(maps: Tensor, others: Tensor) -> Tensor:
    """Structural similarity (N,) of the magnitudes of maps (N, h, w), float64, at most 1 (Wang 2004).

    Each map's largest magnitude becomes 1. Windows have 7 × 7 cells, or the largest odd number that fits.
    """
    side = min(_WINDOW, *maps.shape[1:])
    window = side - 1 + side % 2
    from skimage.metrics import structural_similarity  # noqa: PLC0415 (slow, and pages import this module)

    pairs = zip(_to_one(maps).numpy(), _to_one(others).numpy(), strict=True)
    scores = [
        structural_similarity(*pair, win_size=window, data_range=1.0, use_sample_covariance=False)
        for pair in pairs
    ]
    return torch.tensor(scores, dtype=torch.float64)


def _centred_ranks(maps: Tensor) -> Tensor:
    """The ranks (N, h · w), less their mean."""
    rows = maps.detach().double().cpu().flatten(1)
    ranks = torch.from_numpy(np.stack([_ranks(row) for row in rows.numpy()]))
    return ranks - (rows.shape[1] - 1) / 2


def _ranks(values: FloatArray) -> FloatArray:
    # Not `scipy.stats.rankdata`: importing it takes a second, in which a page waits.
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles: FloatArray = counts.cumsum() - (counts + 1) / 2
    return middles[places]


def _to_one(maps: Tensor) -> Tensor:
    sizes = maps.detach().double().cpu().abs()
    return sizes / sizes.amax((1, 2), keepdim=True).clamp_min(1e-300)
