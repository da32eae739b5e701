"""From pixels in [0, 1] to the input of a network, and back."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Normalisation:
    """``(pixels - mean) / std`` for each colour channel: three, one for grey, or another number."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.mean or len(self.std) != len(self.mean) or min(self.std) <= 0:
            raise ValueError(f"mean {self.mean!r} and std {self.std!r} must be as many numbers, std above 0")

    @property
    def num_colours(self) -> int:
        """The number of input channels: 3, 1 for grey, or another number."""
        return len(self.mean)

    def inputs(self, pixels: Tensor) -> Tensor:
        """Network input from pixels (N, colours, H, W) in [0, 1]."""
        return (pixels - self._column(self.mean, pixels)) / self._column(self.std, pixels)

    def pixels(self, inputs: Tensor) -> Tensor:
        """Pixels from network input (N, colours, H, W); in [0, 1] only if the input is that of an image."""
        return inputs * self._column(self.std, inputs) + self._column(self.mean, inputs)

    def _column(self, values: tuple[float, ...], like: Tensor) -> Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None, None]
