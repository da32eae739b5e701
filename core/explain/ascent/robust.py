"""Robust ascent: an image that still excites a channel when it is shifted, rotated and scaled."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.explain.ascent.fourier import pixels_of, spectrum_shape
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Gradients, Picture, as_pictures

_WIDER = 4  # As in core.explain.ascent.plain.


@dataclass(frozen=True, slots=True)
class Robust:
    """Adam in the Fourier space of `core.explain.ascent.fourier`, seen through a random view at each step.

    A view is shifted by up to ``jitter`` pixels, scaled by up to ``zoom`` and rotated by up to ``degrees`` in
    either direction (Olah 2017, doi:10.23915/distill.00007, "transformation robustness"). All channels see
    the same views. ``border`` cells at each edge of the layer's map do not count.
    """

    size: tuple[int, int] = (224, 224)
    steps: int = 64
    learning_rate: float = 0.05
    jitter: float = 8.0
    zoom: float = 0.1
    degrees: float = 10.0
    border: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.learning_rate <= 0 or not 0 <= self.zoom < 1:
            raise ValueError(f"{self} needs steps and a learning rate above 0, and a zoom from 0 to below 1")
        if min(self.jitter, self.degrees, self.border, self.seed) < 0 or min(self.size) < 1:
            raise ValueError(f"{self} has a negative number")

    def start(self, channel: int, attempt: int, num_colours: int) -> Tensor:
        """A nearly grey spectrum for one channel, in float64; less grey with each attempt."""
        noise = np.random.default_rng([self.seed, channel, attempt])
        return torch.from_numpy(
            noise.normal(0, 0.01 * _WIDER**attempt, spectrum_shape(num_colours, self.size))
        )

    def inputs(self, starts: Tensor, normalisation: Normalisation) -> Tensor:
        """The network input (N, colours, H, W) of spectra."""
        return normalisation.inputs(pixels_of(starts, self.size))

    def climb(self, starts: Tensor, gradients_at: Gradients, normalisation: Normalisation) -> Tensor:
        """Network input (N, colours, H, W) after all steps, each along ``gradients_at`` of its view.

        Stops after the first step if no image has a gradient, as in `core.explain.ascent.plain`.
        """
        spectra = starts.clone().requires_grad_()
        adam = torch.optim.Adam([spectra], lr=self.learning_rate, maximize=True)
        for step in range(self.steps):
            images = self.inputs(spectra, normalisation)
            seen = view(images, self._motion(step))
            (spectra.grad,) = torch.autograd.grad(seen, spectra, gradients_at(seen.detach()))
            if step == 0 and not spectra.grad.any():
                break
            adam.step()
        return self.inputs(spectra.detach(), normalisation)

    def pictures(self, inputs: Tensor, normalisation: Normalisation) -> Picture:
        """The network input as pictures (N, H, W, 3)."""
        return as_pictures(normalisation.pixels(inputs))

    def _motion(self, step: int) -> Tensor:
        """A random rotation, scale and shift (2, 3) for `view`, the same for a seed and a step."""
        draw = np.random.default_rng([self.seed, step]).uniform(-1, 1, 4)
        angle, factor = math.radians(self.degrees) * draw[0], (1 + self.zoom) ** draw[1]
        height, width = self.size
        cosine, sine = factor * math.cos(angle), factor * math.sin(angle)
        # In units of half a side, as `affine_grid` expects.
        return torch.tensor(
            [
                [cosine, -sine * height / width, 2 * self.jitter * draw[2] / width],
                [sine * width / height, cosine, 2 * self.jitter * draw[3] / height],
            ]
        )


def view(inputs: Tensor, motion: Tensor) -> Tensor:
    """The input (N, colours, H, W) transformed by an affine ``motion`` (2, 3), with zeros around it."""
    each = motion.to(inputs).expand(len(inputs), 2, 3)
    places = F.affine_grid(each, list(inputs.shape), align_corners=False)
    return F.grid_sample(inputs, places, padding_mode="zeros", align_corners=False)
