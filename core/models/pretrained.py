"""Initial weights: none, the built-in ImageNet weights, or weights that a library downloads."""

from collections.abc import Mapping
from typing import Protocol, cast

from torch import Tensor, nn

from core.errors import CheckpointError
from core.models import registry
from core.models.auxiliary import ATTACHED
from core.models.heads import Head, head_name

NONE, BUILT_IN, PUBLISHED = "none", "imagenet", "pretrained"
WEIGHTS = (NONE, BUILT_IN, PUBLISHED)
_BUILT_IN_FOR = "timm:tf_efficientnet_lite0"
# GoogLeNet's are not in its published weights.
_AUXILIARY = tuple(f"{name}." for name in ATTACHED)
_PLAIN = Head()


class Publisher(Protocol):
    """A family whose architectures have published weights."""

    def published(self, name: str) -> dict[str, Tensor]:
        """All tensors, downloaded if they are not on this machine."""

    def address(self, name: str) -> str:
        """Where the weights are downloaded from."""


def weights_for(architecture: str, weights: str, num_classes: int, head: Head = _PLAIN) -> dict[str, Tensor]:
    """The initial tensors that fit ``registry.build(architecture, num_classes, head)``.

    ``weights`` is ``none`` (no tensors), ``imagenet`` (built in, for EfficientNet-Lite0) or ``pretrained``
    (the library's default weights, downloaded). A head of another size is left out; `missing` names it.

    Raises:
        CheckpointError: there are no such weights, the download failed, or more than the head does not fit.
    """
    if weights not in WEIGHTS:
        raise CheckpointError(f"no weights named {weights!r}; there is {', '.join(WEIGHTS)}")
    if weights == NONE:
        return {}
    theirs = _built_in(architecture) if weights == BUILT_IN else _published(architecture)
    model = registry.build(architecture, num_classes, head)
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    fitting = {name: tensor for name, tensor in theirs.items() if wanted.get(name) == tensor.shape}
    _refuse_gaps(model, fitting, architecture)
    return fitting


def missing(model: nn.Module, tensors: Mapping[str, Tensor]) -> list[str]:
    """The names of the network's tensors that are not in ``tensors``."""
    return [name for name in model.state_dict() if name not in tensors]


def _refuse_gaps(model: nn.Module, fitting: Mapping[str, Tensor], architecture: str) -> None:
    heads = (f"{head_name(model)}.", *_AUXILIARY)
    gaps = [name for name in missing(model, fitting) if not name.startswith(heads)]
    if gaps:
        listed = ", ".join(repr(name) for name in gaps[:3])
        raise CheckpointError(
            f"{len(gaps)} tensors of {architecture} outside its head are not in the weights: {listed}"
        )


def _built_in(architecture: str) -> dict[str, Tensor]:
    if architecture != _BUILT_IN_FOR:
        raise CheckpointError(f"{BUILT_IN!r} weights are for {_BUILT_IN_FOR}, got {architecture!r}")
    from core.models import imagenet  # noqa: PLC0415 (timm and its class lists, only where they are needed)

    return imagenet.weights()


def _published(architecture: str) -> dict[str, Tensor]:
    family, name = registry.resolve(architecture)
    if not hasattr(family, "published"):
        raise CheckpointError(f"there are no published weights of {architecture}; use {NONE!r} and train it")
    publisher = cast("Publisher", family)
    try:
        return publisher.published(name)
    except Exception as error:  # Each hub raises its own errors, none of which is a fault of this program.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            f"cannot download the weights of {architecture} from {publisher.address(name)} ({reason}); "
            f"{BUILT_IN!r} weights, of {_BUILT_IN_FOR}, need no download"
        ) from error
