"""Attributions that follow the gradient down to single pixels."""

from collections.abc import Iterator

import torch
from torch import Tensor

from core.explain.maps.pixels.registry import register_pixel_method
from core.explain.maps.pixels.with_captum import captum, detached
from core.explain.maps.question import PixelQuestion, Score

_STEPS, _STEPS_AT_ONCE = 50, 10
_COPIES, _COPIES_AT_ONCE = 32, 8
_NOISE = 0.15  # Of the input's range.


@register_pixel_method
def saliency(question: PixelQuestion) -> Tensor:
    """Magnitude of the score's gradient, maximum over the colours (Simonyan 2013, arXiv:1312.6034, 3.1)."""
    method = captum().Saliency(question.score)
    gradients = method.attribute(question.leaf(), additional_forward_args=question.direction)
    return detached(gradients).amax(1)


@register_pixel_method
def smooth_grad(question: PixelQuestion) -> Tensor:
    """Magnitude of the mean gradient of 32 noisy copies, maximum over the colours.

    Smilkov 2017, arXiv:1706.03825, eq. 1; the noise's standard deviation is 0.15 of the input's range.
    32 passes with gradients, eight at once. Not by captum's `NoiseTunnel`, which draws from random numbers
    that all threads share.
    """
    spread = question.batch.amax((1, 2, 3), keepdim=True) - question.batch.amin((1, 2, 3), keepdim=True)
    score, total = question.counted(_num_passes(question)), torch.zeros_like(question.batch)
    for noise in _noise(question):
        total += _gradients(question.batch + _NOISE * spread * noise, question.direction, score).sum(0)
    return detached(total / _COPIES).abs().amax(1)


@register_pixel_method
def gradient_shap(question: PixelQuestion) -> Tensor:
    """Expected gradients between the input and noise: an estimate of its Shapley values.

    Lundberg 2017, arXiv:1705.07874; Erion 2021, arXiv:1906.10670, eq. 4. For each of 32 references, the
    gradient at a random place on the way to the input times that way: they sum, on average, to the score
    less that of the references. These are normal noise with mean 0 and standard deviation 1, as data has
    after normalisation. 32 passes with gradients, eight at once.
    """
    generator = torch.Generator().manual_seed(question.seed + 1)
    score, total = question.counted(_num_passes(question)), torch.zeros_like(question.batch)
    for reference in _noise(question):
        way = question.batch - reference
        share = torch.rand(len(reference), 1, 1, 1, 1, generator=generator).to(reference)
        total += (way * _gradients(reference + share * way, question.direction, score)).sum(0)
    return detached(total / _COPIES).sum(1)


@register_pixel_method
def integrated_gradients(question: PixelQuestion) -> Tensor:
    """Gradients integrated from a flat mean-coloured image; they sum to the difference of the two scores.

    Sundararajan 2017, arXiv:1703.01365, eq. 3, as a midpoint sum of 50 steps. Not captum's default
    quadrature: finding its nodes took up to ten times as long as running the network (eigenvalues beside
    torch's threads).
    """
    at_once = max(_STEPS_AT_ONCE, len(question.batch))
    passes = -(-_STEPS // (at_once // len(question.batch)))
    method = captum().IntegratedGradients(question.counted(passes))
    attribution = method.attribute(
        question.leaf(),
        additional_forward_args=question.direction,
        method="riemann_middle",
        n_steps=_STEPS,
        internal_batch_size=at_once,
    )
    return detached(attribution).sum(1)


def _at_once(question: PixelQuestion) -> int:
    """The number of copies of each image that share a pass."""
    return max(1, _COPIES_AT_ONCE // len(question.batch))


def _num_passes(question: PixelQuestion) -> int:
    return -(-_COPIES // _at_once(question))


def _noise(question: PixelQuestion) -> Iterator[Tensor]:
    """Normal noise (copies, 1, channels, H, W), the same for every image, in parts that share a pass."""
    generator, shape = torch.Generator().manual_seed(question.seed), (1, *question.batch.shape[1:])
    for first in range(0, _COPIES, _at_once(question)):
        num_copies = min(_at_once(question), _COPIES - first)
        drawn = [torch.randn(shape, generator=generator) for _ in range(num_copies)]
        yield torch.stack(drawn).to(question.batch)


def _gradients(copies: Tensor, direction: Tensor, score: Score) -> Tensor:
    """The gradient of the score at each of some copies (copies, N, channels, H, W) of a batch."""
    inputs = copies.flatten(0, 1).requires_grad_()
    (gradients,) = torch.autograd.grad(score(inputs, direction.repeat(len(copies), 1)).sum(), inputs)
    return gradients.view_as(copies)
