"""What each concept contributes to a score: shares in logits that sum, with the rest, to the score."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import LayerError
from core.explain.concepts.factors import as_cells, as_maps, described, split
from core.explain.network.tracing import Trace


@dataclass(frozen=True, slots=True, eq=False)
class ConceptShares:
    """A score of each image (N,) in parts: ``shares.sum(1) + residual + bias`` is ``score``.

    Attributes:
        cells: what each concept contributes in each cell (N, R, h, w), in logits.
        presence: the amount of each concept in each cell (N, R, h, w), 0 or more, in activation units.
        residual: what the layer contributes beyond all concepts (N,).
        bias: what does not come from the layer (N,): where ``is_exact``, the bias of the head.
        score: the logit, or the difference of two (N,).
        described: how well the concepts describe the layer in each image (N,), 0 to 1. Shares say little
            of an image where it is low.
        is_exact: whether the head reads this layer's mean. If not, shares are gradient × activation: what
            would be lost without the concept if the rest of the network were linear.
    """

    cells: Tensor
    presence: Tensor
    residual: Tensor
    bias: Tensor
    score: Tensor
    described: Tensor
    is_exact: bool

    @property
    def shares(self) -> Tensor:
        """What each concept contributes (N, R), in logits."""
        return self.cells.sum((2, 3))


def concept_shares(traced: Trace, direction: Tensor, target_layer: str, directions: Tensor) -> ConceptShares:
    """The shares of concepts in a score.

    Args:
        traced: a `trace` that recorded ``target_layer``.
        direction: the score of each image (N, C), from `towards`.
        target_layer: the layer's name.
        directions: the concepts (R, K), from `core.explain.concepts.factors.directions`.

    Raises:
        LayerError: the layer has no influence on the logits.
        ValueError: the concepts are of another layer: they have another number of channels.
    """
    activations = traced.activations[target_layer].detach().double()
    if directions.shape[1] != activations.shape[1]:
        raise ValueError(
            f"concepts of {directions.shape[1]} channels do not fit layer {target_layer!r}, "
            f"which has {activations.shape[1]}"
        )
    slopes = _slopes(traced, direction, target_layer).to(activations)
    there, cells = (
        as_maps(each, activations) for each in split(as_cells(activations), as_cells(slopes), directions)
    )
    score = (traced.logits.detach().double() * direction).sum(1)
    of_layer = (slopes * activations).sum((1, 2, 3))
    head = traced.pooled_head(target_layer)
    bias = score - of_layer if head is None else direction.double() @ head.bias.double()
    # The rest, rather than the part of the layer that is left: rounding must not break the sum.
    residual = score - bias - cells.sum((1, 2, 3))
    fit = described(activations, directions)
    return ConceptShares(cells, there, residual, bias, score, fit, is_exact=head is not None)


def _slopes(traced: Trace, direction: Tensor, target_layer: str) -> Tensor:
    """How a score changes with each activation (N, K, h, w): constant where a head reads the layer's mean."""
    activations, head = traced.activations[target_layer], traced.pooled_head(target_layer)
    if head is not None:
        height, width = activations.shape[2:]
        weights = direction.double() @ head.weight.double() / (height * width)
        return weights[:, :, None, None].expand(activations.shape)
    gradients = None
    if traced.logits.requires_grad:
        (gradients,) = torch.autograd.grad(
            traced.logits, activations, direction, retain_graph=True, allow_unused=True
        )
    if gradients is None:
        raise LayerError(f"layer {target_layer!r} has no influence on the logits")
    return gradients.detach()
