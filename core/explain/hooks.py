"""The only place that registers hooks on a model, and the lock that keeps sessions apart."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from core.errors import LayerError

ForwardHook = Callable[[nn.Module, tuple[Tensor, ...], object], object]

_LOCKS: WeakKeyDictionary[nn.Module, threading.RLock] = WeakKeyDictionary()
_LOCKS_GUARD = threading.Lock()


def model_lock(model: nn.Module) -> threading.RLock:
    """This model's own lock: every forward pass of a shared model holds it, hooked or not."""
    with _LOCKS_GUARD:
        return _LOCKS.setdefault(model, threading.RLock())


def modules_named(model: nn.Module, names: list[str]) -> dict[str, nn.Module]:
    """Modules by their names in ``named_modules()``; LayerError names the first that is not there."""
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            known = ", ".join(repr(known) for known in list(modules)[1:9])
            raise LayerError(f"no layer named {name!r}; this model has {known} … (list them with 'layers')")
    return {name: modules[name] for name in names}


@contextmanager
def capture(model: nn.Module, hooks: Mapping[nn.Module, ForwardHook]) -> Iterator[None]:
    """Hold the lock, evaluation mode, frozen parameters and ``hooks``; afterwards all is as it was."""
    with model_lock(model), _evaluating(model), _frozen(model), ExitStack() as registered:
        for module, hook in hooks.items():
            registered.callback(module.register_forward_hook(hook).remove)
        yield


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def _frozen(model: nn.Module) -> Iterator[None]:
    """No parameter asks for a gradient, so that nothing before a target layer is recorded."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad = False
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad = True
