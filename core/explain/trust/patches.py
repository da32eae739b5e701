"""Patches: an input divided into a grid whose lines follow the cells of a map."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_SIDE = 14  # Patches in a row, about: fine enough for an object's outline, few enough for quick curves.
_LEAST = 2  # Pixels of a patch's side.


@dataclass(frozen=True, slots=True)
class Patches:
    """A grid of ``rows`` × ``columns`` patches over an input of ``size`` (H, W)."""

    rows: int
    columns: int
    size: tuple[int, int]

    def __len__(self) -> int:
        return self.rows * self.columns

    def values(self, maps: Tensor) -> Tensor:
        """The mean of maps (N, h, w) over each patch (N, rows, columns): what the eye sees of them there.

        Between the centres of cells, maps are bilinear, as `heatmap` draws them.
        """
        height, width = maps.shape[1:]
        finer = (self.rows * -(-height // self.rows), self.columns * -(-width // self.columns))
        drawn = F.interpolate(maps[:, None], finer, mode="bilinear", align_corners=False)
        return F.adaptive_avg_pool2d(drawn, (self.rows, self.columns))[:, 0]

    def masks(self, ranks: Tensor, shares: Sequence[float]) -> Tensor:
        """Boolean (len(shares), 1, H, W): the pixels of the patches that rank first, for each share of them.

        Args:
            ranks: the rank of each patch (rows, columns), from 0.
            shares: between 0 and 1; rounded to whole patches.
        """
        first = torch.tensor([round(share * len(self)) for share in shares], device=ranks.device)
        chosen = (ranks[None] < first[:, None, None]).float()
        return F.interpolate(chosen[:, None], self.size, mode="nearest").bool()


def patches_for(cells: tuple[int, int], size: tuple[int, int]) -> Patches:
    """A grid for a map of ``cells`` (h, w) over an input of ``size`` (H, W).

    About 14 × 14: a whole number of patches in each cell, or of cells in each patch, where that comes near.
    """
    rows, columns = (_divisions(num_cells, side) for num_cells, side in zip(cells, size, strict=True))
    return Patches(rows, columns, size)


def _divisions(num_cells: int, side: int) -> int:
    most = max(1, min(_SIDE, side // _LEAST))
    if num_cells <= most:
        return num_cells * max(1, most // num_cells)
    return max(1, num_cells // -(-num_cells // most))


def ranks(values: Tensor, seed: int = 0) -> Tensor:
    """The rank of each patch (…, rows, columns), 0 for the highest value; equal values rank at random."""
    flat = values.detach().double().flatten(-2).cpu()
    shuffled = torch.randperm(flat.shape[-1], generator=torch.Generator().manual_seed(seed))
    order = shuffled[flat[..., shuffled].argsort(dim=-1, descending=True, stable=True)]
    return order.argsort(dim=-1).reshape(values.shape).to(values.device)
