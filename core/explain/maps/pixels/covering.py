"""Attributions that cover parts of the image and measure how the score changes."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from core.explain.maps.cam import wide
from core.explain.maps.pixels.registry import register_pixel_method
from core.explain.maps.pixels.with_captum import captum, detached
from core.explain.maps.question import PixelQuestion

_WINDOWS_PER_SIDE, _WINDOWS_AT_ONCE = 7, 8
_MASKS, _MASKS_AT_ONCE, _CELLS, _KEPT = 1_000, 16, 7, 0.5


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


@register_pixel_method
def rise(question: PixelQuestion) -> Tensor:
    """RISE: the mean of random masks, each weighed by the score of what it leaves.

    Petsiuk 2018, arXiv:1806.07421, eq. 6, but with logits for probabilities, and less the mean score, which
    would only add noise: the map is the covariance of a pixel's mask with the score, over its probability to
    be seen, 0.5. 1,000 masks of 7 x 7 cells: a pass for each, 16 at once.
    """
    size, num_images = question.batch.shape[2:], len(question.batch)
    at_once = max(1, _MASKS_AT_ONCE // num_images)
    score, scores = question.counted(-(-_MASKS // at_once)), []
    for masks in random_masks(size, question.seed, at_once):
        covered = (question.batch * masks[:, None, None].to(question.batch)).flatten(0, 1)
        of_masks = score(covered, question.direction.repeat(len(masks), 1))
        scores.append(of_masks.detach().view(len(masks), num_images))
    above = torch.cat(scores).cpu().double()
    above -= above.mean(0)
    parts = zip(above.split(at_once), random_masks(size, question.seed, at_once), strict=True)
    weighed = sum(torch.einsum("mn,mhw->nhw", part, masks.double()) for part, masks in parts)
    return wide(torch.as_tensor(weighed).to(question.batch)) / (_MASKS * _KEPT)


def random_masks(size: Sequence[int], seed: int, at_once: int) -> Iterator[Tensor]:
    """1,000 masks in [0, 1], some (M, H, W) at once: 7 x 7 cells of 0 or 1, enlarged and shifted."""
    generator = torch.Generator().manual_seed(seed)
    cells = (torch.rand(_MASKS, 1, _CELLS, _CELLS, generator=generator) < _KEPT).float()
    sides = [-(-side // _CELLS) for side in size]
    shifts = torch.stack([torch.randint(side, (_MASKS,), generator=generator) for side in sides], 1)
    large = [(_CELLS + 1) * side for side in sides]
    for some, moves in zip(cells.split(at_once), shifts.split(at_once), strict=True):
        enlarged = F.interpolate(some, large, mode="bilinear", align_corners=False)[:, 0]
        yield torch.stack(
            [
                mask[top : top + size[0], left : left + size[1]]
                for mask, (top, left) in zip(enlarged, moves.tolist(), strict=True)
            ]
        )
