"""ROAD: pixels are removed so that their neighbours fill the gap, and no outline of the gap remains.

Rong 2022, arXiv:2202.00449. A hidden patch's own shape can tell a network what was there; a smooth filling
does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor, nn

from core.explain.network.hooks import capture
from core.explain.network.tracing import logits_of

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NOISE = 0.01
_BESIDE, _DIAGONAL = 1 / 6, 1 / 12


@dataclass(frozen=True, slots=True, eq=False)
class Removed:
    """Probabilities (S,) of a class after a share of the pixels has been removed, float64.

    ``most_first``: the brightest pixels of the heat map are removed; a good map's curve falls at once.
    ``least_first``: the darkest are; a good map's curve stays up.
    """

    shares: tuple[float, ...]
    most_first: Tensor
    least_first: Tensor

    @property
    def score(self) -> float:
        """Half the mean distance between the two curves, in [-0.5, 0.5]; 0 for a random map."""
        return float((self.least_first - self.most_first).mean() / 2)


def road(
    model: nn.Module,
    batch: Tensor,
    heat: Tensor,
    class_idx: int,
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
) -> Removed:
    """The probability of a class while the pixels that a map marks are removed, most or least first.

    Runs the network for two photos a share, after solving a system of equations for each; model, modes and
    hooks are afterwards as they were. The same seed gives the same numbers.

    Args:
        model: any network that gives logits (N, C).
        batch: a preprocessed photo (1, channels, H, W).
        heat: the map (H, W); only the order of its pixels counts, equal ones come by row.
        class_idx: the class whose probability is followed.
        shares: of the pixels, between 0 and 1, both excluded.
        seed: of the noise in the filling.
    """
    order = heat.detach().flatten().argsort(descending=True, stable=True)
    curves = [
        torch.cat([_probability(model, filled, class_idx) for filled in _each(batch, pixels, shares, seed)])
        for pixels in (order, order.flip(0))
    ]
    return Removed(tuple(shares), *curves)


def filled(batch: Tensor, missing: Tensor, *, noise: float = NOISE, seed: int = 0) -> Tensor:
    """A photo (1, channels, H, W) whose missing pixels (H, W) follow from those around them.

    Each becomes the weighted mean of its eight neighbours, missing or not: 1/6 beside, 1/12 across a corner;
    at the border, of those that exist. Normal noise is added, so that a network cannot tell
    filled pixels by their smoothness.

    Args:
        batch: the preprocessed photo.
        missing: true where a pixel is to be filled.
        noise: its standard deviation, in units of the preprocessed photo.
        seed: of the noise.

    Raises:
        ValueError: all pixels are missing.
    """
    gaps = missing.detach().cpu().numpy().ravel()
    if gaps.all():
        raise ValueError("all pixels are missing; at least one must remain to fill the others")
    if not gaps.any():
        return batch.clone()
    pixels = batch.detach().double().cpu().flatten(2)[0].T.numpy()
    values = torch.from_numpy(_solved(pixels, gaps, (missing.shape[0], missing.shape[1])))
    generator = torch.Generator().manual_seed(seed)
    values += noise * torch.randn(values.shape, generator=generator, dtype=torch.float64)
    photo = batch.detach().clone()
    photo[0, :, missing] = values.T.to(photo)
    return photo


def _solved(
    pixels: NDArray[np.float64], gaps: NDArray[np.bool_], size: tuple[int, int]
) -> NDArray[np.float64]:
    """The missing pixels (M, channels): what flows to each from its neighbours sums to 0."""
    weights = _neighbours(size)
    flow = (sparse.diags(weights.sum(1).A1) - weights).tocsr()[gaps]
    solved: NDArray[np.float64] = splu(flow[:, gaps].tocsc()).solve(-(flow[:, ~gaps] @ pixels[~gaps]))
    return solved


def _neighbours(size: tuple[int, int]) -> sparse.csr_matrix:
    """The weight of each pixel for each other one (H · W, H · W)."""
    (down, rows), (across, columns) = ((_line(side), sparse.identity(side)) for side in size)
    beside = sparse.kron(rows, across) + sparse.kron(down, columns)
    return sparse.csr_matrix(_BESIDE * beside + _DIAGONAL * sparse.kron(down, across))


def _line(side: int) -> sparse.dia_matrix:
    """Which places of a line are next to each other."""
    return sparse.diags([np.ones(side - 1), np.ones(side - 1)], [-1, 1])


def _each(batch: Tensor, order: Tensor, shares: Sequence[float], seed: int) -> Iterator[Tensor]:
    """The photo without its first pixels in an order (H · W,), for each share of them."""
    for share in shares:
        missing = torch.zeros(len(order), dtype=torch.bool)
        missing[order[: round(share * len(order))].cpu()] = True
        yield filled(batch, missing.view(batch.shape[2:]), seed=seed)


def _probability(model: nn.Module, photo: Tensor, class_idx: int) -> Tensor:
    with capture(model, {}), torch.no_grad():
        return logits_of(model(photo)).double().cpu().softmax(1)[:, class_idx]
