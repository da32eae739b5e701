"""A head of any layers, as texts that a card can store: ``0=linear:512:256``, ``1=relu``, ``2=norm:256``.

The part before ``=`` is the layer's name inside the head, as in the names of its tensors; it is empty if the
head is a single layer. Dropout is not stored, as it does nothing after training.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import groupby

from torch import nn

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
_SIZED: dict[str, tuple[int, Callable[..., nn.Module]]] = {
    "linear": (2, nn.Linear),
    "linear_without_bias": (2, lambda before, after: nn.Linear(before, after, bias=False)),
    "norm": (1, nn.BatchNorm1d),
    "layer_norm": (1, nn.LayerNorm),
}
_MOST_LAYERS, _MOST_WEIGHTS = 32, 2**30


def check(layers: Sequence[str]) -> None:
    """ValueError for layers that `build` cannot make."""
    if len(layers) > _MOST_LAYERS:
        raise ValueError(f"a head of {len(layers)} layers; expected at most {_MOST_LAYERS}")
    for layer in layers:
        name, kind, sizes = parts(layer)
        known = kind in ACTIVATIONS or kind in _SIZED
        wanted = _SIZED[kind][0] if kind in _SIZED else 0
        if not known or len(sizes) != wanted or min(sizes, default=1) < 1 or (name and ".." in f".{name}."):
            raise ValueError(f"head layer {layer!r} is none of {', '.join((*_SIZED, *ACTIVATIONS))}")
        if math.prod(sizes) > _MOST_WEIGHTS:
            raise ValueError(f"head layer {layer!r} would have more than {_MOST_WEIGHTS} weights")


def parts(layer: str) -> tuple[str, str, tuple[int, ...]]:
    """Name, kind and sizes of one layer: ``("0", "linear", (512, 256))``."""
    name, _, rest = layer.partition("=")
    kind, *sizes = rest.split(":")
    return name, kind, tuple(int(size) for size in sizes)


def build(layers: Sequence[str], container: type[nn.Sequential]) -> nn.Module:
    """The layers with random weights in a ``container`` that flattens its input; a single layer by itself."""
    made = [(name.split("."), _module(kind, sizes)) for name, kind, sizes in map(parts, layers)]
    if len(made) == 1 and made[0][0] == [""]:
        return made[0][1]
    # Needed if the replaced head also flattened the features; otherwise it changes nothing.
    return container(OrderedDict(flatten=nn.Flatten(), **_tree(made)))


def _module(kind: str, sizes: tuple[int, ...]) -> nn.Module:
    return ACTIVATIONS[kind]() if kind in ACTIVATIONS else _SIZED[kind][1](*sizes)


def _tree(made: Sequence[tuple[list[str], nn.Module]]) -> "OrderedDict[str, nn.Module]":
    """Modules by the first part of their names; modules that share it form an `nn.Sequential`."""
    tree: OrderedDict[str, nn.Module] = OrderedDict()
    for first, members in groupby(made, key=lambda each: each[0][0]):
        group = [(names[1:], module) for names, module in members]
        tree[first] = group[0][1] if not group[0][0] else nn.Sequential(_tree(group))
    return tree
