"""A map of a network: how many parameters each stage has, and how finely it divides the image."""

from bisect import bisect_left
from collections.abc import Sequence

from torch import nn

from core.explain.network.layers import Layer, stages


def parameters_by_stage(model: nn.Module, layers: Sequence[Layer]) -> list[int]:
    """Parameters of each of `layers.stages`: behind the stage before, up to the stage's own layer.

    ``layers`` are those of `layers.spatial_layers`, in the order in which they finish. What gives no
    map, such as a squeeze within a block, belongs to the first layer around it; the head belongs to no stage.
    """
    ends = [layers.index(stage) for stage in stages(layers)]
    counts = [0] * len(ends)
    for name, parameter in model.named_parameters():
        owner = next((index for index, layer in enumerate(layers) if name.startswith(f"{layer.name}.")), None)
        if owner is not None and owner <= ends[-1]:
            counts[bisect_left(ends, owner)] += parameter.numel()
    return counts


def step(layer: Layer, input_size: tuple[int, int]) -> int:
    """Pixels of the network's input (height, width) from one cell of a layer to the next."""
    return round(input_size[0] / layer.size[0])
