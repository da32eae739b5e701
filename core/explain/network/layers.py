"""Which layers of a network can be explained: those with a spatial output, in the order in which they run."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.network.hooks import ForwardHook, capture
from core.explain.network.layout import Maps, Tokens, follows, layout_of
from core.explain.network.tracing import trace

# Convolutional networks usually have as many.
_MOST_STAGES = 5
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Layer:
    """A module of the network: its name in ``named_modules()``, its type, and its output shape (K, h, w).

    ``has_tokens``: the output is a row of tokens, or has its channels last. ``is_dead_end``: the logits do
    not depend on its rows and columns, as after the last attention block of a class-token transformer.
    """

    name: str
    type: str
    shape: tuple[int, int, int]
    is_convolution: bool
    has_tokens: bool = False
    is_dead_end: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the output, in cells."""
        return self.shape[1:]

    @property
    def label(self) -> str:
        """Name and shape for display: ``bn2 · 1280 × 7 × 7``."""
        sides = " × ".join(map(str, self.shape))
        return f"{self.name} · {sides}"


def spatial_layers(model: nn.Module, batch: Tensor) -> list[Layer]:
    """Layers whose output has rows and columns like the input's, in the order in which they finish.

    Runs ``batch`` (1, channels, H, W) once, and once more with gradients if there are tokens. Left out are
    outputs of a single cell, shapes that do not follow the image's, tokens whose number is not that of the
    cells of an earlier map, and `nn.Identity`. If a layer runs several times, the last run counts. The model
    and the batch stay as they were.

    Example:
        >>> [layer.name for layer in spatial_layers(model, batch[:1])][-1]
        'layer4'
    """
    by_name: dict[str, Layer] = {}
    hooks = {
        module: _measure(by_name, name, batch)
        for name, module in model.named_modules()
        if name and not isinstance(module, nn.Identity)
    }
    with capture(model, hooks), torch.no_grad():
        # A clone: the network may begin with an operation in place.
        model(batch.clone())
    layers = list(by_name.values())
    if not any(layer.has_tokens for layer in layers):
        return layers
    dead = _dead_ends(model, batch, list(by_name))
    return [replace(layer, is_dead_end=layer.name in dead) for layer in layers]


def default_layer(layers: Sequence[Layer]) -> str:
    """The name of the layer to explain unless another is chosen: the last of the `stages`.

    It includes the normalisation, activation and block that complete the last convolution: ``layer4`` of a
    ResNet, ``features.29`` of VGG-16. ``layers`` are those of `spatial_layers`.

    Raises:
        LayerError: there is no layer with a spatial output.
    """
    return stages(layers)[-1].name


def stages(layers: Sequence[Layer]) -> list[Layer]:
    """The last layer at each size at which the network convolves, in the order in which they run.

    A layer inside a block that ends at another size (112 x 112 inside a block that ends at 56 x 56) is no
    stage, unless that size has no other layer. In a transformer, layers of tokens count as well; if all have
    one size, the stages are evenly spaced blocks. Layers that the logits do not depend on are left out.

    Raises:
        LayerError: there is no layer with a spatial output.
    """
    sizes = {layer.size for layer in layers if layer.is_convolution or layer.has_tokens}
    eligible = [layer for layer in layers if (layer.size in sizes or not sizes) and not layer.is_dead_end]
    if not eligible:
        raise LayerError("this network has no layer with a spatial output, so there is nothing to map")
    by_name = {layer.name: layer for layer in layers}
    last = {layer.size: layer for layer in eligible}
    last |= {layer.size: layer for layer in eligible if not _is_on_the_way(layer, by_name)}
    chosen = list(last.values())
    if len(chosen) == 1 and chosen[0].has_tokens:
        chosen = _some_blocks(eligible, chosen[0])
    return sorted(chosen, key=layers.index)


def _some_blocks(layers: Sequence[Layer], last: Layer) -> list[Layer]:
    """Evenly spaced blocks of the outermost numbered sequence of blocks, and the last layer."""
    groups: dict[str, list[Layer]] = {}
    for layer in layers:
        if layer.name[-1] in _DIGITS and layer.size == last.size:
            groups.setdefault(layer.name.rstrip(_DIGITS), []).append(layer)
    repeated = [group for group in groups.values() if len(group) > 1]
    if not repeated:
        return [last]
    blocks = [layer for layer in min(repeated, key=lambda group: group[0].name.count(".")) if layer != last]
    steps = min(_MOST_STAGES - 1, len(blocks))
    return [*(blocks[place * len(blocks) // steps] for place in range(steps)), last]


def _dead_ends(model: nn.Module, batch: Tensor, names: Sequence[str]) -> set[str]:
    """The layers whose maps the logits do not depend on.

    Empty if the logits depend on no layer, as those of a zero head, or if there is too little memory to test.
    """
    # Noise: with equal keys, attention would not depend on the query.
    noise = torch.randn(batch.shape, generator=torch.Generator().manual_seed(0)).to(batch)
    with suppress(LayerError, torch.OutOfMemoryError):
        traced = trace(model, noise, names)
        if traced.logits.requires_grad:
            # Different weights for the classes: the sum of a softmax is constant.
            direction = torch.arange(1, traced.logits.shape[1] + 1).to(traced.logits).expand_as(traced.logits)
            maps = list(traced.activations.values())
            gradients = torch.autograd.grad(traced.logits, maps, direction, allow_unused=True)
            dead = {
                name
                for name, gradient in zip(traced.activations, gradients, strict=True)
                if gradient is None or not gradient.any()
            }
            return dead if len(dead) < len(names) else set()
    return set()


def _is_on_the_way(layer: Layer, by_name: Mapping[str, Layer]) -> bool:
    """Whether a block around this layer, no `nn.Sequential`, ends at another size or as a dead end."""
    parts = layer.name.split(".")
    around = [by_name.get(".".join(parts[:depth])) for depth in range(1, len(parts))]
    return any(
        outer and outer.type != "Sequential" and (outer.size != layer.size or outer.is_dead_end)
        for outer in around
    )


def _measure(layers: dict[str, Layer], name: str, batch: Tensor) -> ForwardHook:
    def hook(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        layout = layout_of(output, batch)
        if layout is None or not isinstance(output, Tensor) or len(output) != len(batch):
            return
        channels, height, width = layout.maps(output).shape[1:]
        sizes = {layer.size for layer in layers.values()}
        is_grid = not isinstance(layout, Tokens) or layout.size in sizes
        if is_grid and follows(torch.Size((height, width)), batch):
            layers.pop(name, None)  # A second run moves the layer to its place in the order.
            layers[name] = Layer(
                name,
                type(module).__name__,
                (channels, height, width),
                is_convolution=isinstance(module, nn.Conv2d),
                has_tokens=not isinstance(layout, Maps),
            )

    return hook
