"""The head of any network, which computes the logits: find it, replace it, split it off, freeze before it."""

import copy
import difflib
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import nn

from core.errors import CheckpointError, LayerError
from core.models import layered_head
from core.models.frozen_norms import batch_norms


@dataclass(frozen=True, slots=True)
class Head:
    """The layers before the logits: hidden layers of these widths, each with ReLU and dropout.

    Without hidden layers, dropout applies to the features. The default is the network's own head. ``layers``
    describe another program's head (see `core.models.layered_head`), which replaces the module ``at``.
    """

    # Limits for stored values.
    hidden: Annotated[tuple[Annotated[int, Field(le=100_000)], ...], Field(max_length=16)] = ()
    dropout: float = 0.0
    layers: tuple[str, ...] = ()
    at: str = ""

    def __post_init__(self) -> None:
        if self.layers:
            layered_head.check(self.layers)
            if self.hidden or self.dropout or not self.at:
                raise ValueError("a head with layers needs the module that it replaces, and no other setting")
        if any(width < 1 for width in self.hidden):
            raise ValueError(f"hidden widths {self.hidden!r} must be 1 or more")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout!r} must be from 0 to below 1")


class HeadLayers(nn.Sequential):
    """A head of several layers, ``hidden1``, ``relu1``, ... ``logits``; `head_name` looks for this class."""


def head_name(model: nn.Module) -> str:
    """The name of the module that computes the logits: a `HeadLayers`, or the last linear layer.

    timm's networks name their head; in others it is the last `nn.Linear` or `nn.Conv2d` (SqueezeNet).

    Raises:
        CheckpointError: there is no head, or more than one (distilled transformers).
    """
    names: dict[nn.Module, str] = {
        module: name for name, module in model.named_modules() if _can_be_head(module)
    }
    own = [name for module, name in names.items() if isinstance(module, HeadLayers)]
    inside = set(_classifier(model).modules())
    candidates = own or [name for module, name in names.items() if module in inside]
    if not candidates or not candidates[-1]:
        raise CheckpointError(
            f"{type(model).__name__} has no linear or convolutional layer that could make its logits"
        )
    return candidates[-1]


def last_layer(model: nn.Module) -> nn.Linear | nn.Conv2d:
    """The linear layer or 1x1 convolution that computes the logits: the head, or the last one within it.

    Raises:
        CheckpointError: as `head_name`.
    """
    head = model.get_submodule(head_name(model))
    linear = [module for module in head.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    return linear[-1]


def replace_head(model: nn.Module, head: Head) -> None:
    """Replace the network's head by ``head``, under the same name, with the same inputs and outputs.

    The default head changes nothing. A head of 1x1 convolutions is replaced by 1x1 convolutions.
    """
    if head == Head():
        return
    name = head.at or head_name(model)
    parent, _, attribute = name.rpartition(".")
    try:
        own = model.get_submodule(name)
    except AttributeError as error:
        raise CheckpointError(f"{type(model).__name__} has no module {name!r} for its head") from error
    new = layered_head.build(head.layers, HeadLayers) if head.layers else _layers(own, name, head)
    setattr(model.get_submodule(parent), attribute, new)


def features_and_head(model: nn.Module) -> tuple[nn.Module, nn.Module]:
    """The network without its head, and the head: ``head(features(batch)) == model(batch)``.

    The first is a copy that shares all parameters and buffers with ``model``; only the modules on the path to
    the head are new objects, and `nn.Identity` replaces the head. ``model`` is not changed.

    Raises:
        CheckpointError: the head is a convolution, after which the network continues (SqueezeNet).
    """
    name = head_name(model)
    head = model.get_submodule(name)
    if any(isinstance(module, nn.Conv2d) for module in head.modules()):
        raise CheckpointError(
            f"the head {name!r} is a convolution; expected a linear layer that ends the network"
        )
    features = shallow_copy(model)
    parent = features
    *way, attribute = name.split(".")
    for part in way:
        child = shallow_copy(parent.get_submodule(part))
        setattr(parent, part, child)
        parent = child
    setattr(parent, attribute, nn.Identity())
    return features, head


def freeze_until(model: nn.Module, layer: str) -> list[str]:
    """Freeze all parameters before the module ``layer``, in the order of ``named_modules()``.

    ``""`` freezes nothing; the head's name freezes all but the head.

    Returns:
        The names of the modules that are frozen as a whole.

    Raises:
        LayerError: there is no module ``layer``; the message lists similar names.
    """
    names = [name for name, _ in model.named_modules()]
    if layer not in names:
        close = ", ".join(repr(name) for name in difflib.get_close_matches(layer, names, n=3))
        raise LayerError(f"no layer named {layer!r} to freeze until" + (f"; close: {close}" if close else ""))
    model.requires_grad_(requires_grad=True)
    before = list(itertools.takewhile(lambda name: name != layer, names))
    for name in before:
        for parameter in model.get_submodule(name).parameters(recurse=False):
            parameter.requires_grad = False
    return [name for name in before if name and not layer.startswith(f"{name}.")]


def keep_frozen_in_eval(model: nn.Module) -> None:
    """Put frozen modules into evaluation mode, so that running statistics stay and dropout is off.

    Call it after every ``model.train()``. Modules without parameters belong to the module that follows them
    in their block; a block that is trained as a whole is not changed. Where all batch norms are frozen, they
    do not make a block frozen in part: its dropout stays on.
    """
    of_norms = {parameter for norm in batch_norms(model) for parameter in norm.parameters()}
    aside = set() if any(parameter.requires_grad for parameter in of_norms) else of_norms
    _rest_frozen(model, aside)


def shallow_copy(module: nn.Module) -> nn.Module:
    """A copy with the same parameters and children, whose children can be replaced."""
    copied = copy.copy(module)
    # A new dictionary: `copy.copy` shares it, and a change would reach the original.
    vars(copied)["_modules"] = dict(module._modules)
    return copied


def _can_be_head(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear | nn.Conv2d | HeadLayers)


def _classifier(model: nn.Module) -> nn.Module:
    """The part that contains the head: timm's classifier, or the whole network."""
    ask = getattr(model, "get_classifier", None)
    if not callable(ask):
        return model
    classifier = ask()
    if isinstance(classifier, nn.Module):
        return classifier
    raise CheckpointError(f"{type(model).__name__} has {len(classifier)} heads; expected one")


def _layers(own: nn.Module, name: str, head: Head) -> nn.Module:
    """``head`` with the inputs and outputs of the network's ``own`` layer, as layers of the same kind."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    features, classes = _width(own, name)
    for number, (before, after) in enumerate(itertools.pairwise((features, *head.hidden)), start=1):
        layers[f"hidden{number}"] = _like(own, before, after)
        layers[f"relu{number}"] = nn.ReLU()
        layers[f"dropout{number}"] = nn.Dropout(head.dropout)
    if not head.hidden:
        layers["dropout"] = nn.Dropout(head.dropout)
    layers["logits"] = _like(own, head.hidden[-1] if head.hidden else features, classes)
    return HeadLayers(layers)


def _width(own: nn.Module, name: str) -> tuple[int, int]:
    if isinstance(own, nn.Linear):
        return own.in_features, own.out_features
    if isinstance(own, nn.Conv2d) and own.kernel_size == (1, 1):
        return own.in_channels, own.out_channels
    raise CheckpointError(f"the head {name!r} is {own}; expected a linear layer or a 1x1 convolution")


def _like(own: nn.Module, before: int, after: int) -> nn.Module:
    """A new linear layer, or a 1x1 convolution if ``own`` is one."""
    weight = own.get_parameter("weight")
    if isinstance(own, nn.Conv2d):
        return nn.Conv2d(before, after, 1, device=weight.device, dtype=weight.dtype)
    return nn.Linear(before, after, device=weight.device, dtype=weight.dtype)


def _rest_frozen(model: nn.Module, aside: set[nn.Parameter]) -> None:
    """Put what is frozen into evaluation mode; the parameters ``aside`` do not count."""
    learns = _learns(model, aside)
    if not any(learns):
        model.eval()
    elif not all(learns):
        _rest_frozen_children(model, aside)


def _rest_frozen_children(model: nn.Module, aside: set[nn.Parameter]) -> None:
    """Put frozen children into evaluation mode, and those without parameters before the first trained one."""
    begun = False
    for child in model.children():
        learns = _learns(child, aside)
        begun = begun or any(learns)
        if learns or not begun:
            _rest_frozen(child, aside)


def _learns(model: nn.Module, aside: set[nn.Parameter]) -> list[bool]:
    return [parameter.requires_grad for parameter in model.parameters() if parameter not in aside]
