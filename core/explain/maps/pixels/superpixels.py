"""Attributions of superpixels, from the scores of images in which some of them have the mean colour."""

import importlib
import math
from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

from core.explain.maps.cam import wide
from core.explain.maps.pixels.registry import register_pixel_method
from core.explain.maps.question import PixelQuestion

# From coalitions (S, F) of 0 and 1 to the scores (S,) of the image with these superpixels alone.
Scores = Callable[[Tensor], Tensor]
# From scores, the number F of superpixels and random numbers to a value for each (F,).
ValuesOf = Callable[[Scores, int, torch.Generator], Tensor]

_SUPERPIXELS = 50
_COALITIONS, _AT_ONCE = 512, 16
_KERNEL_WIDTH = 0.25


@register_pixel_method
def lime(question: PixelQuestion) -> Tensor:
    """LIME: the linear model that best gives the score from which superpixels are there (Ribeiro 2016).

    arXiv:1602.04938, section 3.4: samples weigh exp(-d² / 0.25²), where d is their cosine distance to the
    whole image. 512 random halves of about 50 superpixels (SLIC): a pass for each, 16 at once. Without a
    penalty on the model: there are ten times as many samples as superpixels.
    """
    return torch.stack([_of_image(alone, _lime) for alone in question.each_image()])


@register_pixel_method
def kernel_shap(question: PixelQuestion) -> Tensor:
    """KernelSHAP: Shapley values of superpixels, by least squares (Lundberg 2017, theorem 2).

    arXiv:1705.07874. They sum to the score less that of a flat mean-coloured image. 512 coalitions of about
    50 superpixels (SLIC), drawn by the Shapley kernel: a pass for each, 16 at once. Each comes with its
    complement, so that the values are exact for scores of second order; up to nine superpixels, with all
    coalitions, they always are.
    """
    return torch.stack([_of_image(alone, _kernel_shap) for alone in question.each_image()])


def superpixels(image: Tensor) -> Tensor:
    """Labels (H, W) of about 50 regions of alike colour in an image (channels, H, W), counted from 0."""
    colours = image.detach().movedim(0, -1).double().cpu()
    spread = (colours.max() - colours.min()).clamp_min(torch.finfo(colours.dtype).tiny)
    slic = importlib.import_module("skimage.segmentation").slic  # Imported at first use: it takes a while.
    labels = slic(
        ((colours - colours.min()) / spread).numpy(),
        n_segments=_SUPERPIXELS,
        slic_zero=True,  # Else a textured image has half as many, and noise a single one.
        channel_axis=-1,
    )
    counted: Tensor = torch.from_numpy(labels).unique(return_inverse=True)[1]
    return counted


def _of_image(question: PixelQuestion, values_of: ValuesOf) -> Tensor:
    """The values of an image's superpixels, at all of their pixels (H, W)."""
    labels = superpixels(question.batch[0])

    def scores(present: Tensor) -> Tensor:
        parts = present.split(_AT_ONCE)
        score = question.counted(len(parts))
        masks = (part[:, labels][:, None].to(question.batch) for part in parts)
        found = [score(question.batch * mask, question.direction).detach() for mask in masks]
        return torch.cat(found).double().cpu()

    values = values_of(scores, int(labels.max()) + 1, torch.Generator().manual_seed(question.seed))
    return wide(values.to(question.batch))[labels.to(question.batch.device)]


def _lime(scores: Scores, num: int, generator: torch.Generator) -> Tensor:
    present = (torch.rand(_COALITIONS, num, generator=generator) < 0.5).double()
    present[0] = 1
    distances = 1 - (present.sum(1) / num).sqrt()
    weights = (-((distances / _KERNEL_WIDTH) ** 2)).exp()
    constant = torch.ones(len(present), 1).double()
    return _least_squares(torch.cat([constant, present], 1), scores(present), weights)[1:]


def _kernel_shap(scores: Scores, num: int, generator: torch.Generator) -> Tensor:
    """The values must sum to the whole score: the last is what the others leave."""
    present, weights = _coalitions(num, generator)
    ends = torch.tensor([[0.0], [1.0]]).double().expand(2, num)
    (nothing, everything), of_present = scores(torch.cat([ends, present])).split([2, len(present)])
    total, last = everything - nothing, present[:, -1]
    others = present[:, :-1] - last[:, None]
    values = _least_squares(others, of_present - nothing - last * total, weights)
    return torch.cat([values, (total - values.sum())[None]])


def _coalitions(num: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Coalitions (S, num) of 0 and 1, neither empty nor whole, and their weights (S,)."""
    if 2**num - 2 <= _COALITIONS:
        every = torch.tensor(list(product((0.0, 1.0), repeat=num))).double()[1:-1]
        sizes = every.sum(1)
        number = torch.tensor([math.comb(num, int(size)) for size in sizes]).double()
        return every, (num - 1) / (number * sizes * (num - sizes))
    sizes = torch.arange(1, num).double()
    drawn = (
        torch.multinomial(
            1 / (sizes * (num - sizes)), _COALITIONS // 2, replacement=True, generator=generator
        )
        + 1
    )
    places = torch.rand(len(drawn), num, generator=generator).argsort(1).argsort(1)
    present = (places < drawn[:, None]).double()
    return torch.cat([present, 1 - present]), torch.ones(2 * len(present)).double()


def _least_squares(matrix: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """The solution (F,) that minimises the weighted squares of ``matrix @ solution - target``."""
    roots = weights.sqrt()[:, None]
    if not matrix.numel():
        return matrix.new_zeros(matrix.shape[1])
    solution: Tensor = torch.linalg.lstsq(roots * matrix, roots * target[:, None]).solution[:, 0]
    return solution
