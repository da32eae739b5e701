"""Attributions that cover parts of the image and measure how the score changes."""

import torch
from torch import Tensor

from core.explain.maps.pixels.registry import register_pixel_method
from core.explain.maps.pixels.with_captum import captum, detached
from core.explain.maps.question import PixelQuestion

_WINDOWS_PER_SIDE, _WINDOWS_AT_ONCE = 7, 8


@register_pixel_method
def occlusion(question: PixelQuestion) -> Tensor:
    """How far the score falls when a mean-coloured square covers a pixel (Zeiler 2013, arXiv:1311.2901).

    The square has a seventh of the input's side and moves by half its own side.
    """
    height, width = question.batch.shape[2:]
    window = tuple(max(1, side // _WINDOWS_PER_SIDE) for side in (height, width))
    stride = tuple(max(1, side // 2) for side in window)
    rows, columns = (
        -(-(side - size) // step) + 1
        for side, size, step in zip((height, width), window, stride, strict=True)
    )
    passes = -(-rows * columns // _WINDOWS_AT_ONCE) + 1
    method = captum().Occlusion(question.counted(passes))
    with torch.no_grad():
        attribution = method.attribute(
            question.batch.detach(),
            sliding_window_shapes=(question.batch.shape[1], *window),
            strides=(question.batch.shape[1], *stride),
            additional_forward_args=question.direction,
            perturbations_per_eval=_WINDOWS_AT_ONCE,
        )
    # All colours of a pixel are covered at once and have the same value.
    return detached(attribution)[:, 0]
