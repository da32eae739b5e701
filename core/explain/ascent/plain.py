"""Plain ascent: noise follows the gradient of one channel, in steps of one length."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.explain.ascent.normalisation import Normalisation

Picture = NDArray[np.uint8]
# From images (N, colours, H, W) to the gradient for each.
Gradients = Callable[[Tensor], Tensor]

_WIDER = 4  # The factor by which the noise widens at each further start.


@dataclass(frozen=True, slots=True)
class Plain:
    """Gradient ascent as in Chollet, Deep Learning with Python, 2nd edition, section 9.4.3.

    As in the book, noise from 0.4 to 0.6 is the network's input itself, not pixels: the result need not be
    the input of any image. ``border`` cells at each edge of the layer's map do not count.
    """

    size: tuple[int, int] = (200, 200)
    steps: int = 30
    step_size: float = 10.0
    border: int = 2
    crop: int = 25
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.step_size <= 0 or min(self.border, self.crop, self.seed) < 0:
            raise ValueError(f"{self} needs steps and a step size above 0, and no negative numbers")
        if min(self.size) <= 2 * self.crop:
            raise ValueError(f"a crop of {self.crop} pixels leaves nothing of {self.size!r}")

    def start(self, channel: int, attempt: int, num_colours: int) -> Tensor:
        """Noise (colours, H, W) for one channel, in float64; wider with each attempt."""
        noise = np.random.default_rng([self.seed, channel, attempt])
        half_width = 0.1 * _WIDER**attempt
        return torch.from_numpy(noise.uniform(0.5 - half_width, 0.5 + half_width, (num_colours, *self.size)))

    def inputs(self, starts: Tensor, _normalisation: Normalisation) -> Tensor:
        """The network input of the starts: the starts themselves."""
        return starts

    def climb(self, starts: Tensor, gradients_at: Gradients, _normalisation: Normalisation) -> Tensor:
        """Network input (N, colours, H, W) after all steps along ``gradients_at``.

        Stops after the first step if no image has a gradient: none of them would ever change.
        """
        images = starts
        for step in range(self.steps):
            gradients = gradients_at(images)
            images = images + self.step_size * unit(gradients)
            if step == 0 and not gradients.any():
                break
        return images

    def pictures(self, inputs: Tensor, _normalisation: Normalisation) -> Picture:
        """The input as pictures (N, H, W, 3): mean 128, standard deviation 64, without the border."""
        centred = inputs - inputs.mean((1, 2, 3), keepdim=True)
        scaled = centred / inputs.std((1, 2, 3), correction=0, keepdim=True).clamp_min(1e-7)
        height, width = self.size
        crop = self.crop
        return as_pictures((scaled * 64 + 128)[:, :, crop : height - crop, crop : width - crop] / 255)


def unit(gradients: Tensor) -> Tensor:
    """Each of the gradients (N, colours, H, W) divided by its L2 norm; zeros stay zeros."""
    # Rows and columns last: the sum of squares must not depend on the memory layout.
    norms = torch.linalg.vector_norm(gradients.contiguous(), dim=(1, 2, 3), keepdim=True)
    units: Tensor = gradients / norms.clamp_min(torch.finfo(gradients.dtype).tiny)
    return units


def as_pictures(pixels: Tensor) -> Picture:
    """Pixels (N, colours, H, W), clipped to [0, 1], as pictures (N, H, W, 3) of uint8.

    A grey channel is repeated three times; of more than three channels, the first three are shown.
    """
    whole = (pixels.detach().float().clamp(0, 1) * 255).round().byte().cpu()
    shown = whole[:, :3] if whole.shape[1] >= 3 else whole[:, [0, whole.shape[1] - 1, 0]]
    pictures: Picture = shown.permute(0, 2, 3, 1).contiguous().numpy()
    return pictures
