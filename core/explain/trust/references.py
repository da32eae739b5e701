"""What a map must beat: noise, the centre of the photo, and its edges."""

import torch
from torch import Tensor
from torch.nn import functional as F

from core.explain.trust.patches import Patches


def noise(cells: tuple[int, int], num: int, seed: int) -> Tensor:
    """Random maps (num, h, w) with independent cells: smooth noise once they are drawn over finer patches."""
    return torch.randn(num, *cells, generator=torch.Generator().manual_seed(seed))


def centre(patches: Patches) -> Tensor:
    """A round blob in the centre (1, rows, columns): the nearer, the higher."""
    rows, columns = ((torch.arange(num) + 0.5) / num - 0.5 for num in (patches.rows, patches.columns))
    return -(rows[:, None] ** 2 + columns**2)[None]


def edges(batch: Tensor, patches: Patches) -> Tensor:
    """The strength of a batch's edges (N, rows, columns): magnitude of Sobel gradients of its brightness."""
    brightness = batch.float().mean(1, keepdim=True)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=batch.device)
    kernels = torch.stack([across, across.T])[:, None]
    gradients = F.conv2d(F.pad(brightness, (1, 1, 1, 1), mode="replicate"), kernels)
    return patches.values(gradients.norm(dim=1))
