"""The samples that activate each channel most, updated batch by batch; needs memory for nine per channel."""

from dataclasses import dataclass

import torch
from torch import Tensor

NUM_EXAMPLES = 9


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """The largest activation (N, K) of each channel in each image, its cell, and the mean of all cells.

    Cells are counted row by row; of ties the first. If a channel is constant over an image, no part of the
    image activates it, and its peak is -inf, except in a layer of a single cell.
    """

    activations: Tensor
    means: Tensor
    cells: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Strongest:
    """The strongest peaks (K, k) of each channel so far, in falling order, at most one per image.

    Ties, as at the ceiling of ReLU6, are ordered by the larger mean, then by earlier sample. If there are
    fewer than k, activations are -inf. ``sizes`` (K, k, 2) are widths and heights of images.
    """

    activations: Tensor
    means: Tensor
    cells: Tensor
    samples: Tensor
    sizes: Tensor

    def joined(self, peaks: Peaks, samples: Tensor, sizes: Tensor) -> "Strongest":
        """Updated with the peaks (N, K) of ``samples`` (N,), later ones than before, of ``sizes`` (N, 2)."""
        num_channels = len(self.activations)
        return self.merged(
            Strongest(
                peaks.activations.T,
                peaks.means.T,
                peaks.cells.T,
                samples.expand(num_channels, -1),
                sizes.expand(num_channels, -1, -1),
            )
        )

    def merged(self, later: "Strongest") -> "Strongest":
        """The strongest of these and of others, which are of later samples."""
        activations = torch.cat([self.activations, later.activations], 1)
        means = torch.cat([self.means, later.means], 1)
        order = _order(activations, means)
        return Strongest(
            activations.gather(1, order),
            means.gather(1, order),
            torch.cat([self.cells, later.cells], 1).gather(1, order),
            torch.cat([self.samples, later.samples], 1).gather(1, order),
            torch.cat([self.sizes, later.sizes], 1).take_along_dim(order[..., None], 1),
        )


def none_yet(num_channels: int) -> Strongest:
    """The empty state before the first sample: (K, 0)."""
    numbers = torch.empty(num_channels, 0)
    counts = torch.empty(num_channels, 0, dtype=torch.int64)
    return Strongest(numbers, numbers, counts, counts, counts[..., None].expand(-1, -1, 2))


def peaks(maps: Tensor) -> Peaks:
    """The peaks of activations (N, K, h, w), on the CPU."""
    values = maps.flatten(2)
    highest = values.max(2)
    activations = highest.values.float()
    if values.shape[2] > 1:
        is_flat = values.min(2).values == highest.values
        activations = activations.masked_fill(is_flat, -torch.inf)
    return Peaks(activations.cpu(), values.float().mean(2).cpu(), highest.indices.cpu())


def _order(activations: Tensor, means: Tensor) -> Tensor:
    """The order of the first nine of (K, n) by activation, mean, position; topk has no order of ties."""
    by_mean = means.sort(dim=1, descending=True, stable=True).indices
    by_activation = activations.gather(1, by_mean).sort(dim=1, descending=True, stable=True).indices
    return by_mean.gather(1, by_activation)[:, :NUM_EXAMPLES]
