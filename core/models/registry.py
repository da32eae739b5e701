"""Architectures by name, ``FAMILY:NAME``: build one, get its preprocess, or list them all.

A name may end in options, ``timm:resnet18?in_chans=1``: see `core.models.options`.
"""

import difflib
import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from core.errors import CheckpointError
from core.images import transforms
from core.images.preprocess import Preprocess
from core.models import options
from core.models.heads import Head, replace_head

# A family is a module, imported when one of its names is first used: timm alone takes two seconds.
FAMILIES = {
    "timm": "core.models.families.timm_family",
    "torchvision": "core.models.families.torchvision_family",
    "seewhy": "core.models.families.seewhy_family",
}
_RENAMED = {"timm:xception": "timm:legacy_xception"}  # Old names that are still in use.
_PLAIN = Head()


class Family(Protocol):
    """The functions of a family's module; names come without the family."""

    def names(self) -> list[str]:
        """All architectures that classify images."""

    def build(self, name: str, num_classes: int, chosen: options.Options) -> nn.Module:
        """The network with random weights."""

    def preprocess(self, name: str) -> Preprocess:
        """The preprocess of its published weights."""


def build(architecture: str, num_classes: int, head: Head = _PLAIN) -> nn.Module:
    """The network ``FAMILY:NAME`` with random weights, in evaluation mode; ``head`` in place of its own."""
    family, name = resolve(architecture)
    transforms.v2()  # Imported now, or each worker process would import it.
    chosen = options.of(architecture)
    try:
        model = family.build(name, num_classes, chosen)
    except (TypeError, ValueError, AssertionError) as error:
        if not chosen:
            raise
        raise CheckpointError(f"{architecture!r} cannot be built: {_first_line(error)}") from error
    replace_head(model, head)
    return model.eval()


@functools.lru_cache(maxsize=4)  # An import asks for the same one several times.
def skeleton(architecture: str, num_classes: int, head: Head = _PLAIN) -> nn.Module:
    """The same on the meta device: shapes without memory. It is shared, so no caller may change it."""
    try:
        with torch.device("meta"):
            return build(architecture, num_classes, head)
    except NotImplementedError:  # RegNet computes its widths with tensors, which must have values.
        with _WeightsWithoutMemory():
            return build(architecture, num_classes, head)


def default_preprocess(architecture: str) -> Preprocess:
    """The preprocess of this architecture's published weights; nothing is downloaded."""
    family, name = resolve(architecture)
    return options.preprocess(family.preprocess(name), options.of(architecture))


def is_published_file(architecture: str, file: str) -> bool:
    """Whether ``file`` is the file name of published weights of this architecture."""
    family, name = resolve(architecture)
    return hasattr(family, "files_of") and file in family.files_of(name)


def architectures() -> list[str]:
    """All names that `build` takes."""
    return [f"{family}:{name}" for family in FAMILIES for name in _family(family).names()]


def resolve(architecture: str) -> tuple[Family, str]:
    """The family's module, and the architecture's name in that family; CheckpointError if there is none."""
    architecture = architecture.partition("?")[0]
    family, _, name = _RENAMED.get(architecture, architecture).partition(":")
    if family not in FAMILIES:
        raise CheckpointError(
            f"no architecture {architecture!r}; expected timm:NAME, torchvision:NAME or seewhy:NAME"
        )
    names = _family(family).names()
    if name not in names:
        close = ", ".join(f"{family}:{other}" for other in difflib.get_close_matches(name, names, n=3))
        raise CheckpointError(
            f"no architecture {architecture!r} in {family}" + (f"; close: {close}" if close else "")
        )
    return _family(family), name


class _WeightsWithoutMemory(TorchFunctionMode):
    """Create only weights on the meta device, so that arithmetic with small tensors works."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        if func in _MAKERS:
            given |= {"device": "meta"}
        return func(*args, **given)


_MAKERS = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn}


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _family(family: str) -> Family:
    return cast("Family", importlib.import_module(FAMILIES[family]))
