"""Auxiliary heads: classifiers in the middle of GoogLeNet and Inception v3, which help them learn."""

from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from torch import Tensor, nn

from core.errors import CheckpointError

# Each with the module whose output it classifies.
ATTACHED = {"aux1": "inception4a", "aux2": "inception4d", "AuxLogits": "Mixed_6e"}


def auxiliary_heads(model: nn.Module) -> tuple[str, ...]:
    """The names of the network's auxiliary heads, the first in the network first."""
    children = dict(model.named_children())
    return tuple(name for name, layer in ATTACHED.items() if name in children and layer in children)


def ending_in(model: nn.Module, head: str) -> nn.Module:
    """The network that ends in an auxiliary head, whose logits (N, C) are then its class scores.

    It shares all modules with ``model``, under the same names.

    Raises:
        CheckpointError: the network has no such head.
    """
    if head not in auxiliary_heads(model):
        there = ", ".join(auxiliary_heads(model)) or "none"
        raise CheckpointError(f"{type(model).__name__} has no auxiliary head {head!r}; there is {there}")
    children = dict(model.named_children())
    before = list(children)[: list(children).index(ATTACHED[head]) + 1]
    parts = OrderedDict((name, children[name]) for name in before if name not in ATTACHED)
    rescaled = _Function(cast("Callable[[Tensor], Tensor]", model._transform_input))
    return nn.Sequential(OrderedDict(rescaled=rescaled, **parts, **{head: children[head]})).train(
        model.training
    )


class _Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, batch: Tensor) -> Tensor:
        """Its value."""
        return self.function(batch)
