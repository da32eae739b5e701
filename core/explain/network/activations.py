"""The outputs of layers for images, and how much each of their channels speaks for a class."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.network.hooks import ForwardHook, capture, module_named
from core.explain.network.layout import layout_or_refuse
from core.explain.network.tracing import Trace

Kept = TypeVar("Kept")
Runs = Counter[nn.Module]

_NEEDS = "channels need an output of shape (N, K, h, w), (N, h, w, K), (N, tokens, K) or (N, K)"
# How often each layer runs in a whole pass: after that many runs, a pass can stop early.
_RUNS: WeakKeyDictionary[nn.Module, dict[str, int]] = WeakKeyDictionary()


class Enough(BaseException):
    """Stops a forward pass when all that is needed has run. No `Exception`: a network might catch that."""


def activations(model: nn.Module, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Outputs (N, K, h, w) of the named layers for a batch (N, channels, H, W), without gradients.

    A vector (N, K), such as pooled features or logits, becomes (N, K, 1, 1). Patch tokens are arranged in
    rows and columns; class and register tokens are left out. The model and the batch stay as they were.

    Args:
        model: any network.
        batch: preprocessed images, on the model's device.
        layers: names in ``named_modules()``; `spatial_layers` lists those with rows and columns.

    Raises:
        LayerError: no such layer, it did not run, or its output has no channels.

    Example:
        >>> activations(model, batch, ["layer3", "layer4"])["layer4"].shape
        torch.Size([2, 512, 7, 7])
    """
    return observe(model, batch, layers, torch.clone)


def observe(
    model: nn.Module, batch: Tensor, layers: Sequence[str], keep: Callable[[Tensor], Kept]
) -> dict[str, Kept]:
    """The result of ``keep`` for the output (N, K, h, w) of each named layer, in one pass without gradients.

    ``keep`` must copy what it keeps: the network's next operation may work in place. If a layer runs several
    times, the last run counts. The first pass runs the whole network, to count how often each layer runs;
    later passes stop after the last of these runs. Model, modes and hooks are afterwards as they were.

    Raises:
        LayerError: no such layer, it did not run, or its output has no channels.
    """
    modules = {name: module_named(model, name) for name in layers}
    expected = _expected(model, modules)
    kept: dict[nn.Module, Kept] = {}
    runs: Runs = Counter()

    def hook_of(name: str) -> ForwardHook:
        def hook(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
            kept[module] = keep(as_maps(output, name, batch))
            runs[module] += 1
            if expected is not None and runs >= expected:
                raise Enough

        return hook

    hooks = {module: hook_of(name) for name, module in modules.items()}
    with capture(model, hooks), torch.no_grad(), suppress(Enough):
        # A clone: the network may begin with an operation in place.
        model(batch.detach().clone())
    _check(modules, runs)
    if expected is None:
        _RUNS[model] = _RUNS.get(model, {}) | {name: runs[module] for name, module in modules.items()}
    return {name: kept[module] for name, module in modules.items()}


def class_contributions(traced: Trace, direction: Tensor, target_layer: str) -> Tensor:
    """How much each channel (N, K) of a recorded layer contributes to a score.

    This is activation × gradient, summed over the positions. Where a linear head reads the layer's mean, it
    is exactly the channel's share of the score, in logits: the shares and the bias sum to the score. At other
    layers it is the score that would be lost by setting the channel to 0 if the rest of the network were
    linear.

    Args:
        traced: a `trace` that recorded ``target_layer``.
        direction: the score of each image (N, C), from `towards`.
        target_layer: the layer's name.

    Raises:
        LayerError: the layer has no influence on the logits.
    """
    activations = traced.activations[target_layer]
    gradients = None
    if traced.logits.requires_grad:
        (gradients,) = torch.autograd.grad(
            traced.logits, activations, direction, retain_graph=True, allow_unused=True
        )
    if gradients is None:
        raise LayerError(
            f"layer {target_layer!r} has no influence on the logits"
        )  # As in core.explain.maps.cam.
    # At least float32: sums over positions in bfloat16 would lose the small ones.
    precise = torch.promote_types(activations.dtype, torch.float32)
    return (activations.detach().to(precise) * gradients.to(precise)).sum((2, 3))


def _expected(model: nn.Module, modules: Mapping[str, nn.Module]) -> Runs | None:
    known = _RUNS.get(model, {})
    if not modules.keys() <= known.keys():
        return None
    return Counter({module: known[name] for name, module in modules.items()})


def _check(modules: Mapping[str, nn.Module], runs: Runs) -> None:
    for name, module in modules.items():
        if not runs[module]:
            raise LayerError(f"layer {name!r} took no part in this forward pass")


def as_maps(output: object, name: str, batch: Tensor) -> Tensor:
    """A layer's output for a batch as maps (N, K, h, w); a vector (N, K) becomes (N, K, 1, 1).

    Tokens and channels-last outputs are rearranged; LayerError for anything else.
    """
    if isinstance(output, Tensor) and output.ndim == 2:
        return output[:, :, None, None]
    layout, given = layout_or_refuse(output, name, batch, _NEEDS)
    return layout.maps(given)
