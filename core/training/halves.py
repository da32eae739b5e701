"""A network cut at the first layer that is trained: what is frozen before it, and what learns."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import CheckpointError
from core.models import heads
from core.models.auxiliary import auxiliary_heads
from core.models.cutting import split_at
from core.training.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """``rest(before(batch))`` is the network; ``before`` is frozen and gives ``shape`` for each image."""

    before: nn.Module
    rest: nn.Module
    shape: tuple[int, ...]


def halves(net: Network, pixels: Tensor) -> Halves | None:
    """Both parts, compared with the network on some images, uint8 (n, channels, H, W); None if they differ.

    None too if the whole network is trained, or has auxiliary heads: in training they read what is before.
    """
    if not net.trained_from or (auxiliary_heads(net.model) and not net.is_head_only):
        return None
    batch = net.preprocess.normalised(pixels)
    before, rest = _parts(net)
    with torch.no_grad():
        expected = net.model.eval()(batch)
        try:
            features = before.eval()(batch)
            agrees = torch.equal(rest.eval()(features), expected)
        except Exception:  # Given features in the place of an image, a network may raise anything.
            return None
    return Halves(before, rest, tuple(features.shape[1:])) if agrees else None


def _parts(net: Network) -> tuple[nn.Module, nn.Module]:
    if net.is_head_only:
        try:
            return heads.features_and_head(net.model)
        except CheckpointError:  # The network continues after its head: SqueezeNet.
            return split_at(net.model, net.trained_from)
    return split_at(net.model, net.trained_from)
