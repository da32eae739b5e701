"""Hooks on a model, which only this module registers, and the lock that keeps sessions apart."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from weakref import WeakKeyDictionary

from torch import Tensor, nn
from torch.jit import ScriptModule

from core.errors import LayerError
from core.explain.network.notes import restored

ForwardHook = Callable[[nn.Module, tuple[Tensor, ...], object], object]

_LOCKS: WeakKeyDictionary[nn.Module, threading.RLock] = WeakKeyDictionary()
_LOCKS_GUARD = threading.Lock()


def model_lock(model: nn.Module) -> threading.RLock:
    """The lock of this model: every forward pass of a shared model holds it, with or without hooks."""
    with _LOCKS_GUARD:
        return _LOCKS.setdefault(model, threading.RLock())


def module_named(model: nn.Module, name: str) -> nn.Module:
    """The module with this name in ``named_modules()``; LayerError if there is none."""
    _refuse_scripted(model)
    try:
        return model.get_submodule(name)
    except AttributeError as error:
        known = ", ".join(repr(known) for known, _ in islice(model.named_modules(), 1, 9))
        raise LayerError(
            f"no layer named {name!r}; this model has {known} … (list them with 'layers')"
        ) from error


@contextmanager
def capture(model: nn.Module, hooks: Mapping[nn.Module, ForwardHook]) -> Iterator[None]:
    """Hold the lock, with evaluation mode, frozen parameters and ``hooks``; afterwards all is as it was."""
    _refuse_scripted(model)
    # One walk: walking the modules four times took 5% of EfficientNet-Lite0's pass.
    modules = list(model.modules())
    with model_lock(model), restored(modules), _inert(modules), ExitStack() as registered:
        for module, hook in hooks.items():
            registered.callback(module.register_forward_hook(hook).remove)
        yield


def _refuse_scripted(model: nn.Module) -> None:
    if isinstance(model, ScriptModule):
        raise LayerError("a TorchScript network takes no hooks; use the network that it was scripted from")


@contextmanager
def _inert(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Evaluation mode, and no parameter requires a gradient: nothing before a target layer is recorded."""
    training = [module for module in modules if module.training]
    own = (parameter for module in modules for parameter in module._parameters.values())
    # `requires_grad` of an inference tensor cannot be set.
    trainable = [each for each in own if each is not None and each.requires_grad and not each.is_inference()]
    for module in training:
        module.training = False
    for parameter in trainable:
        parameter.requires_grad = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
        for parameter in trainable:
            parameter.requires_grad = True
