"""Does a map stay the same under changes that a person would hardly notice: noise, shifts, and a mirror?

Each changed photo is explained for the same class, and its map is carried back by the opposite change.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.explain.trust.agreement import rank_correlation

MapsOf = Callable[[Tensor], Tensor]

NOISE = 0.02  # Of the spread between the darkest and brightest values: 5 of 255 levels.
_DRAWS = 8
_BAND = (0.05, 0.95)
_ROWS, _COLUMNS = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """The map of a photo (h, w), and its maps under R small changes, carried back (R, h, w)."""

    original: Tensor
    changed: Tensor

    @property
    def rank_correlation(self) -> Tensor:
        """Of each changed map with the original one (R,), in [-1, 1], float64."""
        return rank_correlation(self.original.expand_as(self.changed), self.changed)

    @property
    def mean(self) -> Tensor:
        """Mean of the changed maps (h, w)."""
        return self.changed.mean(0)

    @property
    def band(self) -> tuple[Tensor, Tensor]:
        """The 5th and the 95th percentile of the changed maps in each cell, each (h, w)."""
        low, high = self.changed.quantile(self.changed.new_tensor(_BAND), dim=0)
        return low, high


def under_noise(
    maps_of: MapsOf, batch: Tensor, *, share: float = NOISE, num: int = _DRAWS, seed: int = 0
) -> Stability:
    """The maps of a photo (1, channels, H, W) with normal noise; the same seed gives the same noise.

    Args:
        maps_of: the maps (N, h, w) of a batch (N, channels, H, W), always for the same class.
        batch: the preprocessed photo.
        share: standard deviation of the noise, as a share of the spread between the photo's extremes.
        num: how many draws.
        seed: of the noise.
    """
    deviation = share * (batch.amax() - batch.amin())
    generator = torch.Generator().manual_seed(seed)
    draws = torch.randn(num, *batch.shape[1:], generator=generator, dtype=torch.float64).to(batch)
    return _compared(maps_of, batch, batch + deviation * draws)


def under_shifts(maps_of: MapsOf, batch: Tensor) -> Stability:
    """The maps of a photo (1, channels, H, W) moved by one pixel: down, up, right and left.

    The line of pixels at the edge is repeated. A map of cells larger than a pixel is moved back by the
    fraction of a cell, linearly.
    """
    moves = [(axis, steps) for axis in (_ROWS, _COLUMNS) for steps in (1, -1)]
    moved = torch.cat([_moved(batch, axis + 1, steps) for axis, steps in moves])
    compared = _compared(maps_of, batch, moved)
    back = [
        _moved_partly(maps, axis, -steps, maps.shape[axis] / batch.shape[axis + 1])
        for (axis, steps), maps in zip(moves, compared.changed.split(1), strict=True)
    ]
    return Stability(compared.original, torch.cat(back))


def mirrored(maps_of: MapsOf, batch: Tensor) -> Stability:
    """The map of a photo (1, channels, H, W) with left and right exchanged, R = 1.

    A photo of text or of a clock is another one in the mirror: there a difference is right.
    """
    compared = _compared(maps_of, batch, batch.flip(3))
    return Stability(compared.original, compared.changed.flip(2))


def _compared(maps_of: MapsOf, batch: Tensor, changed: Tensor) -> Stability:
    # One by one: kernels for other batch sizes round otherwise, and a score must not depend on that.
    maps = [maps_of(photo).detach() for photo in (batch, *changed.split(1))]
    return Stability(maps[0][0], torch.cat(maps[1:]))


def _moved(values: Tensor, axis: int, steps: int) -> Tensor:
    """Values moved by one place along an axis, forwards (1) or backwards (-1), with the edge repeated."""
    last = values.shape[axis] - 1
    places = (torch.arange(last + 1, device=values.device) - steps).clamp(0, last)
    return values.index_select(axis, places)


def _moved_partly(maps: Tensor, axis: int, steps: int, share: float) -> Tensor:
    """Maps (N, h, w) moved by a share of a cell."""
    return torch.lerp(maps, _moved(maps, axis, steps), share)
