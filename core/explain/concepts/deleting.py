"""Whether a concept does what its share says: the logits once it is deleted from the activations."""

import torch
from torch import Tensor, nn

from core.explain.concepts.factors import as_cells, as_maps, part
from core.explain.network.hooks import capture, module_named
from core.explain.network.layout import layout_or_refuse

_NEEDS = "a concept needs an output of shape (N, K, h, w), (N, h, w, K) or (N, tokens, K)"


def logits_without(
    model: nn.Module, batch: Tensor, target_layer: str, directions: Tensor, concept: int
) -> Tensor:
    """Logits (N, C) of a batch whose activations at a layer lack one of the concepts (R, K).

    In each cell, the part of each channel that belongs to the concept is subtracted; the rest of the network
    runs on what is left. Where the head reads the layer's mean, a logit falls by exactly the concept's share.

    Raises:
        LayerError: no such layer, or its output has no rows and columns.
    """

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> object:
        layout, maps = layout_or_refuse(output, target_layer, batch, _NEEDS)
        own = part(as_cells(maps), directions, concept)
        return layout.put(maps - as_maps(own, maps), output)  # type: ignore[arg-type]

    with torch.inference_mode(), capture(model, {module_named(model, target_layer): hook}):
        logits: Tensor = model(batch.detach().clone())
    return logits
