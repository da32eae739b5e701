"""CAM methods whose weights come from more forward passes, one for each channel, instead of a gradient."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.explain.maps.question import PixelQuestion
from core.explain.maps.regions.registry import activations_of, register_region_method
from core.explain.network.hooks import ForwardHook, capture, module_named
from core.explain.network.layout import layout_or_refuse
from core.explain.network.tracing import logits_of

_MASKS_AT_ONCE = 16
_MOST_VALUES = 2**22  # Activations of the layer that share a pass, in all copies.
_ROUNDING = (
    8  # Steps of the number format: what enlarging a constant channel can add, stretched to a mask of noise.
)


@register_region_method
def score_cam(question: PixelQuestion) -> Tensor:
    """Score-CAM: the score of the image under each channel's own mask (Wang 2020, arXiv:1910.01279).

    A mask is a channel at the input's size, bilinear, from its least value to its greatest. The weights are
    the softmax of the scores of the masked images, so that the score of an empty image, which the paper
    subtracts, makes no difference. A pass for each channel, 16 at once.
    """
    activations = activations_of(question, "score_cam")
    each = zip(question.each_image(), activations, strict=True)
    weights = torch.stack([_masked_scores(alone, channels).softmax(0) for alone, channels in each])
    return (weights[:, :, None, None] * activations).sum(1)


@register_region_method
def ablation_cam(question: PixelQuestion) -> Tensor:
    """Ablation-CAM: the share of the score that is lost without a channel (Desai 2020, WACV, p. 972).

    The loss is divided by the score's magnitude, not by the score, so that a negative score does not turn
    the map's sign. The part of the network after the layer runs once for each channel, as many at once as
    fit; the part before it, once for all of these.
    """
    activations = activations_of(question, "ablation_cam")
    each = zip(question.each_image(), activations, strict=True)
    lost = torch.stack([_lost_scores(alone, channels) for alone, channels in each])
    return (lost[:, :, None, None] * activations).sum(1)


def _masked_scores(question: PixelQuestion, channels: Tensor) -> Tensor:
    """The scores (K,) of one image times each of its channels (K, h, w) as a mask."""
    parts = channels.split(_MASKS_AT_ONCE)
    score = question.counted(len(parts))
    return torch.cat(
        [score(question.batch * _masks(part, question.batch), question.direction) for part in parts]
    )


def _masks(channels: Tensor, batch: Tensor) -> Tensor:
    """Channels (K, h, w) as masks (K, 1, H, W) in [0, 1]; zeros where one is constant up to rounding."""
    masks = F.interpolate(channels[:, None], batch.shape[2:], mode="bilinear", align_corners=False)
    least, greatest = masks.amin((2, 3), keepdim=True), masks.amax((2, 3), keepdim=True)
    rounding = _ROUNDING * torch.finfo(masks.dtype).eps * torch.maximum(least.abs(), greatest.abs())
    varies = greatest - least > rounding
    return torch.where(varies, (masks - least) / (greatest - least), 0).to(batch.dtype)


def _lost_scores(question: PixelQuestion, channels: Tensor) -> Tensor:
    """What the score of one image loses without each of its channels (K, h, w), as a share of its size."""
    score = question.score(question.batch, question.direction)
    at_once = max(1, _MOST_VALUES // channels.numel())
    parts = torch.arange(len(channels)).split(at_once)
    scores = []
    for place, part in enumerate(parts):
        question.on_progress(place / len(parts))
        scores.append(_scores_without(question, part))
    return (score - torch.cat(scores)) / score.abs().clamp_min(torch.finfo(score.dtype).tiny)


def _scores_without(question: PixelQuestion, channels: Tensor) -> Tensor:
    """The scores of one image without each of some channels, which are set to zero at the layer."""
    try:
        return _one_pass(question, question.batch, channels)
    except RuntimeError:
        # A branch around the layer has one image, and is not added to the many copies but joined with them.
        return _one_pass(question, question.batch.expand(len(channels), -1, -1, -1), channels)


def _one_pass(question: PixelQuestion, batch: Tensor, channels: Tensor) -> Tensor:
    """The scores of a pass of one image, or of as many as there are channels."""
    without = _without(question.target_layer, question.batch, channels)
    with capture(question.model, {module_named(question.model, question.target_layer): without}):
        logits = logits_of(question.model(batch.clone()))
    if len(logits) != len(channels):
        raise RuntimeError(f"the network gives {len(logits)} rows of logits for {len(channels)} images")
    return (logits * question.direction).sum(1)


def _without(layer: str, batch: Tensor, channels: Tensor) -> ForwardHook:
    """A hook that gives one copy of the layer's output for each of some channels, without that channel."""

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> Tensor:
        layout, given = layout_or_refuse(output, layer, batch, "a channel needs rows and columns")
        copies = given.expand(len(channels), *given.shape[1:])
        maps = layout.maps(copies).clone()
        maps[torch.arange(len(channels)), channels] = 0
        return layout.put(maps, copies)

    return hook
