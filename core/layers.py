"""What can be explained: the layers of any network with a spatial output, in the order in which they run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.hooks import ForwardHook, capture


@dataclass(frozen=True, slots=True)
class Layer:
    """A module of the network: its name in ``named_modules()``, its type, and its output (K, h, w)."""

    name: str
    type: str
    shape: tuple[int, int, int]
    is_convolution: bool

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the output, in cells."""
        return self.shape[1:]

    @property
    def label(self) -> str:
        """Name and shape, for people: ``bn2 · 1280 × 7 × 7``."""
        sides = " × ".join(map(str, self.shape))
        return f"{self.name} · {sides}"


def spatial_layers(model: nn.Module, batch: Tensor) -> list[Layer]:
    """Layers whose output has rows and columns like the input's, in the order in which they finish.

    Runs ``batch`` (1, channels, H, W) once. Left out: a single cell (there is nothing to map), shapes that
    do not follow the image's (channels last), and `nn.Identity`. Of several runs the last counts.
    """
    found: dict[str, Layer] = {}
    hooks = {
        module: _measure(found, name, batch)
        for name, module in model.named_modules()
        if name and not isinstance(module, nn.Identity)
    }
    with capture(model, hooks), torch.no_grad():
        model(batch)
    return list(found.values())


def default_layer(layers: Sequence[Layer]) -> str:
    """The last convolutional layer, with the normalisation, activation and block that complete it.

    That is the last output of the last convolution's size: ``layer4`` of a ResNet, ``features.29`` of VGG-16.
    """
    return stages(layers)[-1].name


def stages(layers: Sequence[Layer]) -> list[Layer]:
    """The last layer at each size at which the network convolves: where a map of that size is deepest.

    What a block does on its way to another size (112 x 112 inside a block that ends at 56 x 56) is no stage,
    unless that size has nothing else.
    """
    sizes = {layer.size for layer in layers if layer.is_convolution}
    eligible = [layer for layer in layers if layer.size in sizes or not sizes]
    if not eligible:
        raise LayerError("this network has no layer with a spatial output, so there is nothing to map")
    by_name = {layer.name: layer for layer in layers}
    last = {layer.size: layer for layer in eligible}
    last |= {layer.size: layer for layer in eligible if not _is_on_the_way(layer, by_name)}
    order = {layer.name: position for position, layer in enumerate(layers)}
    return sorted(last.values(), key=lambda layer: order[layer.name])


def _is_on_the_way(layer: Layer, by_name: Mapping[str, Layer]) -> bool:
    """Whether a block around this layer (not a mere `nn.Sequential`) ends at another size."""
    parts = layer.name.split(".")
    around = [by_name.get(".".join(parts[:depth])) for depth in range(1, len(parts))]
    return any(outer and outer.type != "Sequential" and outer.size != layer.size for outer in around)


def _measure(found: dict[str, Layer], name: str, batch: Tensor) -> ForwardHook:
    def hook(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and _follows(output, batch):
            channels, height, width = output.shape[1:]
            found.pop(name, None)  # A second run moves the layer to its place in the order.
            shape = (channels, height, width)
            found[name] = Layer(name, type(module).__name__, shape, isinstance(module, nn.Conv2d))

    return hook


def _follows(output: Tensor, batch: Tensor) -> bool:
    """Rows and columns shrink alike, to rounding: a channels-last (7, 7, 768) is not a map of 7 x 768."""
    (height, width), (rows, columns) = batch.shape[2:], output.shape[2:]
    return rows * columns > 1 and abs(rows * width - columns * height) <= 2 * max(height, width)
