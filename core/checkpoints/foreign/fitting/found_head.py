"""The layers of a head, read from the names and shapes of its tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from core.errors import CheckpointError
from core.models import layered_head
from core.models.heads import Head

_USUAL = "relu"


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer with tensors: its name in the head, its kind, its numbers of inputs and outputs."""

    name: str
    kind: str
    sizes: tuple[int, ...]

    @property
    def index(self) -> int | None:
        """Its index in an `nn.Sequential`, if the last part of its name is one."""
        last = self.name.rpartition(".")[2]
        return int(last) if last.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.name}={':'.join(map(str, (self.kind, *self.sizes)))}"


@dataclass(frozen=True, slots=True)
class FoundHead:
    """A head, its number of outputs, the name of its last weight, and where an activation was assumed."""

    head: Head
    num_outputs: int
    last_weight: str
    assumed: str = ""


def read(tensors: Mapping[str, Tensor], at: str, activation: str = _USUAL) -> FoundHead | None:
    """The head with these tensors in the module ``at``; None if a layer is unknown.

    Tensors do not show the activations: ``activation`` is assumed where there is room for one.

    Raises:
        CheckpointError: there is no such activation.
    """
    refuse_activation(activation)
    layers = _layers(tensors)
    if not layers or not _is_chain(layers) or "linear" not in layers[-1].kind:
        return None
    described: list[str] = []
    assumed = 0
    for layer, extra in zip(layers, _activations(layers, activation), strict=True):
        described += [str(layer), *extra]
        assumed += len(extra)
    try:
        head = Head(layers=tuple(described), at=at)
    except ValueError:  # More layers, or larger ones, than a head may have.
        return None
    last = ".".join(filter(None, (at, layers[-1].name, "weight")))
    return FoundHead(head, layers[-1].sizes[1], last, activation if assumed else "")


def refuse_activation(name: str) -> None:
    """Raise CheckpointError for an unknown activation."""
    if name not in (*layered_head.ACTIVATIONS, "none"):
        known = ", ".join((*layered_head.ACTIVATIONS, "none"))
        raise CheckpointError(f"no activation {name!r} for a head; there is {known}")


def _layers(tensors: Mapping[str, Tensor]) -> list[_Layer] | None:
    """The layers in the order in which they run; None if one is of an unknown kind."""
    groups: dict[str, dict[str, Tensor]] = {}
    for full, tensor in tensors.items():
        name, _, part = full.rpartition(".")
        groups.setdefault(name, {})[part] = tensor
    layers = [_layer(name, parts) for name, parts in groups.items()]
    known = [layer for layer in layers if layer is not None]
    if len(known) < len(layers):
        return None
    # Some files sort names as text, where 10 comes before 2.
    if all(part.isdecimal() for layer in known for part in layer.name.split(".")):
        known.sort(key=lambda layer: [int(part) for part in layer.name.split(".")])
    return known


def _layer(name: str, parts: Mapping[str, Tensor]) -> _Layer | None:
    weight = parts.get("weight")
    names = set(parts) - {"num_batches_tracked"}
    if weight is not None and weight.ndim == 2 and names <= {"weight", "bias"}:
        kind = "linear" if "bias" in parts else "linear_without_bias"
        return _Layer(name, kind, (weight.shape[1], weight.shape[0]))
    if weight is not None and weight.ndim == 1 and names == {"weight", "bias", "running_mean", "running_var"}:
        return _Layer(name, "norm", (len(weight),))
    if weight is not None and weight.ndim == 1 and names == {"weight", "bias"}:
        return _Layer(name, "layer_norm", (len(weight),))
    return None


def _is_chain(layers: Sequence[_Layer]) -> bool:
    return all(before.sizes[-1] == after.sizes[0] for before, after in pairwise(layers))


def _activations(layers: Sequence[_Layer], activation: str) -> list[list[str]]:
    """The activation after each layer: one between two linear layers, if there is room."""
    after: list[list[str]] = [[] for _ in layers]
    linear = [place for place, layer in enumerate(layers) if "linear" in layer.kind]
    for first, second in pairwise(linear) if activation != "none" else ():
        places = [place for place in range(first, second) if _has_room(layers[place], layers[place + 1])]
        if places:
            name = _free_name(layers[places[0]])
            after[places[0]].append(f"{name}={activation}")
    return after


def _has_room(layer: _Layer, following: _Layer) -> bool:
    """Whether there may be a layer without tensors between two layers."""
    here, there = layer.name.rpartition("."), following.name.rpartition(".")
    if layer.index is None or following.index is None or here[0] != there[0]:
        # Named layers leave no gaps: the activation follows the norm, or the layer without one.
        return "linear" in following.kind
    return following.index - layer.index > 1


def _free_name(layer: _Layer) -> str:
    parent, dot, _ = layer.name.rpartition(".")
    if layer.index is not None:
        return f"{parent}{dot}{layer.index + 1}"
    return f"{layer.name}_activation"
