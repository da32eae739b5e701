"""A layer's activations as sums of a few groups of channels that are active together: the concepts.

Non-negative factorisation, as in CRAFT (Fel 2023, arXiv:2211.10154). Cells (M, K) are the activations of all
channels at one position of one photo each. Negative activations cannot be such a sum: they are taken as 0
here, and remain in the residual of `core.explain.concepts.shares`.

A few concepts describe a cell only roughly. So a channel's whole activation is split among the concepts, in
proportion to what each describes of it, as sources are separated in sound (Févotte 2009, eq. 24). This
departs from CRAFT, where what the description lacks belongs to no concept; `described` says how much that is.
A channel that no concept of a cell has belongs to none.
"""

import warnings

import torch
from torch import Tensor

_SWEEPS = 100
_SETTLED = 1e-3  # Of the largest presence: a sweep that changes less is the last.
_TINY = 1e-12


def directions(cells: Tensor, rank: int, *, seed: int = 0) -> Tensor:
    """The concepts (R, K) whose non-negative sums are closest to ``cells`` (M, K), each of length 1.

    Scikit-learn's NMF, on the CPU. It starts from the singular vectors, so that the seed matters little.

    Raises:
        ValueError: ``rank`` is not from 1 to the fewer of cells and channels, or no activation is positive.
    """
    # They take half a second, and only a search needs them.
    from sklearn.decomposition import NMF  # noqa: PLC0415
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415

    if not 1 <= rank <= min(cells.shape):
        raise ValueError(f"rank {rank} must be from 1 to {min(cells.shape)}, the fewer of cells and channels")
    positive = _positive(cells).cpu().numpy()
    if not positive.any():
        raise ValueError("no activation is positive, so there is nothing to factorise")
    model = NMF(rank, init="nndsvda", max_iter=300, tol=1e-3, random_state=seed)
    with warnings.catch_warnings():  # Concepts that still move a little are no worse described.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = model.fit(positive)
    rows: Tensor = torch.from_numpy(fitted.components_).float()
    lengths: Tensor = rows.norm(dim=1, keepdim=True).clamp_min(_TINY)
    return rows / lengths


def presence(cells: Tensor, directions: Tensor) -> Tensor:
    """How much of each concept (R, K) is in each cell (M, K): (M, R), at least 0, closest in least squares.

    Coordinate descent, one concept at a time (Cichocki 2007, hierarchical alternating least squares).
    """
    positive = _positive(cells)
    directions = directions.to(positive)
    towards, overlaps = positive @ directions.T, directions @ directions.T
    amounts = torch.zeros_like(towards)
    for _ in range(_SWEEPS):
        before = amounts.clone()
        for concept, own in enumerate(overlaps.diagonal().clamp_min(_TINY)):
            missing = towards[:, concept] - amounts @ overlaps[concept]
            amounts[:, concept] = (amounts[:, concept] + missing / own).clamp_min(0)
        if (amounts - before).abs().max() <= _SETTLED * amounts.max():
            break
    return amounts


def split(cells: Tensor, values: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    """Presence (M, R), and what each concept's part of the cells is worth (M, R).

    ``values`` (M, K) are what one unit of each activation is worth.
    """
    amounts = presence(cells, directions)
    ratio = _ratio(_positive(cells), amounts, directions).to(values)
    return amounts, amounts.to(values) * ((values * ratio) @ directions.to(values).T)


def part(cells: Tensor, directions: Tensor, concept: int) -> Tensor:
    """The part of activations (M, K) that belongs to one concept, at least 0."""
    amounts = presence(cells, directions)
    own = amounts[:, concept, None] * directions[concept].to(amounts)
    return own * _ratio(_positive(cells), amounts, directions)


def _ratio(positive: Tensor, amounts: Tensor, directions: Tensor) -> Tensor:
    """Activations relative to their description (M, K); 0 where there is no description."""
    described = amounts @ directions.to(amounts)
    return torch.where(described > _TINY, positive / described.clamp_min(_TINY), 0.0)


def described(maps: Tensor, directions: Tensor) -> Tensor:
    """How well concepts (R, K) describe images' maps (N, K, h, w): (N,), 0 to 1.

    It is their share of the squared positive activations.
    """
    cells = as_cells(maps)
    missing = _positive(cells) - presence(cells, directions) @ directions.to(cells).float()
    whole = _positive(maps).square().sum((1, 2, 3)).clamp_min(_TINY)
    return 1 - missing.square().reshape(len(maps), -1).sum(1) / whole


def as_cells(maps: Tensor) -> Tensor:
    """Maps (N, K, h, w) as cells (N h w, K)."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def as_maps(cells: Tensor, maps: Tensor) -> Tensor:
    """Cells (N h w, R) as maps (N, R, h, w) with the images, rows and columns of ``maps``."""
    images, _, height, width = maps.shape
    return cells.reshape(images, height, width, -1).permute(0, 3, 1, 2)


def _positive(cells: Tensor) -> Tensor:
    return cells.detach().float().clamp_min(0)
