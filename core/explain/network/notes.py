"""What networks keep of a pass in plain attributes, as LeViT its attention biases: restored afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn

_OWN = frozenset(vars(nn.Module()))

Plain = dict[str, tuple[object, object]]


@contextmanager
def restored(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Give these modules back their plain attributes afterwards, and their dictionaries and lists as well.

    A cache that is filled while a network is explained would otherwise outlive the next training step, and a
    tensor with a graph would keep the memory of its pass.
    """
    # PyTorch's own modules keep nothing, and most modules are PyTorch's own.
    others = [each for each in modules if not type(each).__module__.startswith("torch.nn.")]
    before = [(vars(module), _plain(module)) for module in others]
    try:
        yield
    finally:
        for attributes, plain in before:
            _restore(attributes, plain)


def _plain(module: nn.Module) -> Plain:
    """By name, each attribute that `nn.Module` does not have, and a copy of a dictionary or list."""
    return {
        name: (value, value.copy() if isinstance(value, dict | list) else None)
        for name, value in vars(module).items()
        if name not in _OWN
    }


def _restore(attributes: dict[str, object], plain: Plain) -> None:
    for name in attributes.keys() - plain.keys() - _OWN:
        del attributes[name]
    for name, (value, content) in plain.items():
        if attributes.get(name) is not value:
            attributes[name] = value
        if isinstance(value, dict) and isinstance(content, dict):
            value.clear()
            value.update(content)
        elif isinstance(value, list) and isinstance(content, list):
            value[:] = content
