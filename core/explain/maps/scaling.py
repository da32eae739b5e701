"""From raw maps to what is shown: one scale for each map, and the size of the image."""

import torch
from torch import Tensor
from torch.nn import functional as F

# Among many cells a few may exceed the top of the scale: single pixels would else darken all the others.
_MANY_CELLS, _SHARE = 500, 0.99


def heatmap(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Raw maps as heat maps (N, H, W) in [0, 1], ready to be coloured: what speaks for the class.

    Negative evidence becomes 0, and each map's `peak` and all above it become 1; then bilinear to the size of
    the image. A map without positive evidence gives zeros. The pages draw the same heat map, carried back
    from the network's input to the photo.

    Args:
        maps: signed maps (N, h, w) of `class_activation_map` or `attribution`.
        size: height and width (H, W) of the batch that was explained.

    Example:
        >>> maps = class_activation_map(model, batch, target_layer="layer4", class_idx=281)
        >>> heatmap(maps, size=(224, 224))
    """
    return F.interpolate(heat(maps)[:, None], size, mode="bilinear", align_corners=False)[:, 0]


def heat(maps: Tensor, top: Tensor | None = None) -> Tensor:
    """What speaks for the class, in [0, 1], at the size of the maps (…, h, w): ReLU, then ``top`` to 1.

    ``top`` (…,) is the `peak` of the positive values unless given; values above it become 1.
    """
    positive = maps.relu()
    ends = (peak(positive) if top is None else top)[..., None, None]
    return torch.where(ends > 0, (positive / ends).clamp(max=1), 0)


def balance(maps: Tensor, top: Tensor) -> Tensor:
    """For and against, in [-1, 1], for maps (…, h, w): ``top`` (…,) becomes 1, zero stays zero."""
    ends = top[..., None, None]
    return torch.where(ends > 0, (maps / ends).clamp(-1, 1), 0)


def peak(maps: Tensor) -> Tensor:
    """The absolute value (…,) at which the colours of maps (…, h, w) end.

    That is the largest or, of 500 cells and more, the 99th percentile, unless that is 0.
    """
    sizes = maps.abs().flatten(-2)
    largest = sizes.amax(-1)
    if sizes.shape[-1] < _MANY_CELLS:
        return largest
    top = sizes.quantile(_SHARE, dim=-1)
    return torch.where(top > 0, top, largest)
