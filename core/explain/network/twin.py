"""Private copies of a network, whose modules can be replaced without changing the original."""

import copy

from torch import nn

from core.explain.network.hooks import model_lock


def twin(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode that shares all tensors: replace its modules, but change no tensor."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    with model_lock(model):
        return copy.deepcopy(model, shared).eval()


def replace(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Put ``new`` wherever ``model`` has ``old``."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if child is old:
                setattr(parent, name, new)
