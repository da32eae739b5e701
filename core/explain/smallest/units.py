"""What a part of a photo is made of: patches in a grid, or superpixels."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from core.explain.maps.pixels.superpixels import superpixels
from core.explain.trust.patches import patches_for


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Pieces of an input, by name of their kind: ``labels`` (H, W), on the CPU, counted from 0."""

    kind: str
    labels: Tensor

    def __len__(self) -> int:
        return int(self.labels.max()) + 1

    def pixels(self, chosen: Tensor) -> Tensor:
        """Boolean (N, 1, H, W): the pixels of chosen units (N, units)."""
        return chosen[:, self.labels][:, None]

    def values(self, raw: Tensor) -> Tensor:
        """The mean of a map (h, w) over each unit (units,): bilinear between the centres of cells."""
        size = (self.labels.shape[0], self.labels.shape[1])
        drawn = F.interpolate(raw[None, None].double(), size, mode="bilinear", align_corners=False).flatten()
        labels = self.labels.flatten()
        return torch.bincount(labels, drawn, len(self)) / torch.bincount(labels, minlength=len(self))


def patches(cells: tuple[int, int], size: tuple[int, int]) -> Units:
    """A grid of about 14 × 14 over an input of ``size`` (H, W), whose lines follow a map's cells (h, w)."""
    grid = patches_for(cells, size)
    numbers = torch.arange(len(grid)).view(1, 1, grid.rows, grid.columns).float()
    return Units("patches", F.interpolate(numbers, size, mode="nearest")[0, 0].long())


def of_alike_colour(photo: Tensor) -> Units:
    """About 50 superpixels of a photo (channels, H, W)."""
    return Units("superpixels", superpixels(photo))
