"""A map of a network: the parameters of each stage, and the size of its cells in the image."""

from bisect import bisect_left
from collections.abc import Sequence

from torch import nn

from core.explain.network.layers import Layer, stages


def parameters_by_stage(model: nn.Module, layers: Sequence[Layer]) -> list[int]:
    """The number of parameters of each of `layers.stages`, from the previous stage to its own layer.

    ``layers`` are those of `layers.spatial_layers`, in the order in which they finish. A module without a
    map, such as a squeeze within a block, belongs to the first layer around it; the head to no stage.
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
