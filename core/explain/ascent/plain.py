"""Plain ascent: noise follows the gradient of one channel, in steps of one length."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.explain.ascent.normalisation import Normalisation

Picture = NDArray[np.uint8]
# From images (N, colours, H, W) to the gradient at each.
Gradients = Callable[[Tensor], Tensor]

_WIDER = 4  # Times as wide is the noise of each further start.


@dataclass(frozen=True, slots=True)
class Plain:
    """Gradient ascent as in Chollet, Deep Learning with Python, 2nd edition, section 9.4.3.

    Noise from 0.4 to 0.6 is the network's input as it is, as in the book: it is not taken for pixels, and
    what it grows to need not be the input of any image. ``border`` cells of the layer's map are not counted.
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
        """Network input that the starts stand for: they themselves."""
        return starts

    def climb(self, starts: Tensor, gradients_at: Gradients, _normalisation: Normalisation) -> Tensor:
        """Network input (N, colours, H, W) after all steps along ``gradients_at``.

        Ends at once where no image has a gradient: none of them would ever move.
        """
        images = starts
        for step in range(self.steps):
            gradients = gradients_at(images)
            images = images + self.step_size * unit(gradients)
            if step == 0 and not gradients.any():
                break
        return images

    def pictures(self, inputs: Tensor, _normalisation: Normalisation) -> Picture:
        """The input as (N, H, W, 3): mean to 128, standard deviation to 64, and the border cut off."""
        centred = inputs - inputs.mean((1, 2, 3), keepdim=True)
        scaled = centred / inputs.std((1, 2, 3), correction=0, keepdim=True).clamp_min(1e-7)
        height, width = self.size
        crop = self.crop
        return as_pictures((scaled * 64 + 128)[:, :, crop : height - crop, crop : width - crop] / 255)


def unit(gradients: Tensor) -> Tensor:
    """Each of the gradients (N, colours, H, W) divided by its L2 norm; zeros stay zeros."""
    # Rows and columns last: the sum of squares must not depend on how the network lays out its memory.
    norms = torch.linalg.vector_norm(gradients.contiguous(), dim=(1, 2, 3), keepdim=True)
    units: Tensor = gradients / norms.clamp_min(torch.finfo(gradients.dtype).tiny)
    return units


def as_pictures(pixels: Tensor) -> Picture:
    """Pixels (N, colours, H, W), clipped to [0, 1], as (N, H, W, 3) in whole numbers.

    Grey three times; of more than three channels the first three.
    """
    whole = (pixels.detach().float().clamp(0, 1) * 255).round().byte().cpu()
    shown = whole[:, :3] if whole.shape[1] >= 3 else whole[:, [0, whole.shape[1] - 1, 0]]
    pictures: Picture = shown.permute(0, 2, 3, 1).contiguous().numpy()
    return pictures
