"""Batch norm folded into the convolution before it: the same outputs with fewer operations."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from functools import partial
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from core.explain.network.cut import Cut, cut_at
from core.explain.network.even_padding import pad_evenly
from core.explain.network.hooks import capture, module_named
from core.explain.network.twin import replace, twin

Pair = tuple[str, str]

_QUICK: WeakSet[nn.Module] = WeakSet()  # What `for_forward_passes` has made.


def folded(cut: Cut, like: Tensor) -> Cut:
    """A cut with the outputs of ``cut`` for batches like this one, up to rounding, in fewer operations.

    In evaluation mode a batch norm multiplies by and adds fixed numbers; these can move into the weights and
    the bias of the convolution before it. The folded network is a private copy that shares all other tensors
    with ``cut.model``. If there is nothing to fold, or the outputs differ, the result is ``cut`` itself.
    """
    return _checked(cut, like, _keep_inputs)


def for_forward_passes(model: nn.Module, like: Tensor) -> nn.Module:
    """A network with the logits of ``model`` for batches like this one, up to rounding, in fewer operations.

    A private copy as in `folded`, for passes without gradients, whose convolutions pad evenly; or ``model``
    itself. Takes four passes, and none for a copy that this function gave.
    """
    if model in _QUICK:
        return model
    quick = _checked(cut_at(model, "", like), like, partial(pad_evenly, batch=like)).model
    if quick is not model:
        _QUICK.add(quick)
    return quick


def _checked(cut: Cut, like: Tensor, prepare: Callable[[nn.Module], None]) -> Cut:
    """The cut of a folded and prepared copy, if its outputs are the same."""
    noise = torch.randn(like.shape, generator=torch.Generator().manual_seed(0)).to(like)
    expected, pairs = _watched(cut, noise)
    if not pairs:
        return cut
    network = twin(cut.model)
    for pair in pairs:
        _fold(network, pair)
    prepare(network)
    other = dataclasses.replace(cut, model=network)
    return other if _agree(other, noise, expected) else cut


@torch.no_grad()
def _watched(cut: Cut, batch: Tensor) -> tuple[Tensor, list[Pair]]:
    """The output of the cut, and the names of each convolution and the batch norm right behind it."""
    names = {module: name for name, module in cut.model.named_modules()}
    runs, pairs = Counter[nn.Module](), list[tuple[nn.Module, nn.Module]]()
    latest: tuple[nn.Module, object] | None = None

    def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
        nonlocal latest
        runs[module] += 1
        if isinstance(module, nn.BatchNorm2d):
            if latest and inputs[0] is latest[1] and module.running_mean is not None:
                pairs.append((latest[0], module))
        else:
            latest = module, output

    watched = [module for module in names if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    with capture(cut.model, dict.fromkeys(watched, hook)):
        given = cut(batch)
    once = [pair for pair in pairs if runs[pair[0]] == runs[pair[1]] == 1]
    return given, [(names[convolution], names[norm]) for convolution, norm in once]


def _fold(network: nn.Module, pair: Pair) -> None:
    convolution, norm = (module_named(network, name) for name in pair)
    if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
        replace(network, convolution, fuse_conv_bn_eval(convolution, norm))
        replace(network, norm, _Behind(norm))


def _keep_inputs(network: nn.Module) -> None:
    """Turn off in-place activations whose gradient needs their input: PyTorch would have to copy it first."""
    for module in network.modules():
        if isinstance(module, nn.Hardtanh | nn.SiLU | nn.Hardswish):  # ReLU6 is a Hardtanh.
            module.inplace = False


@torch.no_grad()
def _agree(cut: Cut, batch: Tensor, expected: Tensor) -> bool:
    tolerance = torch.finfo(expected.dtype).eps ** 0.5 * expected.abs().max()
    return bool(((cut(batch) - expected).abs() <= tolerance).all())


class _Behind(nn.Module):
    """What remains of a folded batch norm: nothing, or the dropout and activation of timm's variant."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        for name, child in norm.named_children():
            self.add_module(name, child)

    def forward(self, maps: Tensor) -> Tensor:
        """Apply the rest to maps (N, K, h, w) that the convolution has normalised."""
        for child in self.children():
            maps = child(maps)
        return maps
