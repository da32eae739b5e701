"""Private copies of a network, whose modules can be replaced without changing the original."""

import copy
from collections.abc import Iterator

from torch import Tensor, nn

from core.explain.network.hooks import model_lock


def twin(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode that shares all tensors: replace its modules, but change no tensor."""
    tensors = (*model.parameters(), *model.buffers(), *_noted_tensors(model))
    shared = {id(tensor): tensor for tensor in tensors}
    with model_lock(model):
        return copy.deepcopy(model, shared).eval()


def _noted_tensors(model: nn.Module) -> Iterator[Tensor]:
    """Tensors in plain attributes, as of LeViT: `copy.deepcopy` refuses those that have a graph."""
    for module in model.modules():
        for value in vars(module).values():
            held = value.values() if isinstance(value, dict) else (value,)
            yield from (each for each in held if isinstance(each, Tensor))


def replace(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Put ``new`` wherever ``model`` has ``old``."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if child is old:
                setattr(parent, name, new)
