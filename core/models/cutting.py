"""A network in two parts: what runs before one of its layers, and the rest."""

from contextlib import suppress

from torch import Tensor, nn

from core.errors import LayerError
from core.explain.network.activations import Enough
from core.models.heads import shallow_copy


def split_at(model: nn.Module, layer: str) -> tuple[nn.Module, nn.Module]:
    """What ``layer`` reads, from the network's input; and the logits, from what it reads.

    ``rest(before(batch)) == model(batch)`` where the layer is the only way from the input to the logits, and
    what the network computes outside of its modules leaves the layer's input as it is (flatten, ReLU). The
    caller must compare: with a skip connection around the layer, or position embeddings before it, the two
    differ, or the second raises whatever the network raises. Both share all parameters and buffers with
    ``model``, which is not changed.

    Raises:
        LayerError: there is no such layer.
    """
    before, rest = shallow_copy(model), shallow_copy(model)
    read, written = before, rest
    *way, last = layer.split(".")
    for part in way:
        _cut_children(read, written, part)
        read, written = _copied(read, part), _copied(written, part)
    _cut_children(read, written, last)
    end = _End()
    setattr(read, last, end)
    return _UpTo(before, end), rest


def _cut_children(read: nn.Module, written: nn.Module, part: str) -> None:
    """Of the children before ``part`` only ``read`` keeps them, of those after it only ``written``."""
    names = list(read._modules)
    if part not in names:
        raise LayerError(f"no layer named {part!r} to cut at; there is {', '.join(map(repr, names[:8]))}")
    place = names.index(part)
    for parent, gone in ((written, names[:place]), (read, names[place + 1 :])):
        for name in (name for name in gone if parent._modules[name] is not None):
            setattr(parent, name, nn.Identity())


def _copied(parent: nn.Module, part: str) -> nn.Module:
    """A copy of the child ``part``, in its place."""
    child = shallow_copy(parent.get_submodule(part))
    setattr(parent, part, child)
    return child


class _End(nn.Module):
    """Stands for a layer: keeps what the layer would read, and stops the pass."""

    def __init__(self) -> None:
        super().__init__()
        self.read: Tensor | None = None

    def forward(self, features: Tensor) -> Tensor:
        self.read = features
        raise Enough


class _UpTo(nn.Module):
    """From a batch to what the layer reads."""

    def __init__(self, model: nn.Module, end: _End) -> None:
        super().__init__()
        self.model, self._end = model, [end]  # A list: the end is a part of the model already.

    def forward(self, batch: Tensor) -> Tensor:
        end = self._end[0]
        with suppress(Enough):
            self.model(batch)
        features, end.read = end.read, None
        if features is None:
            raise LayerError("the layer to cut at takes no part in a pass")
        return features
