"""Architectures by name, ``FAMILY:NAME``: build one, ask for its preprocess, or list what there is."""

import difflib
import importlib
from typing import Protocol, cast

from torch import nn

from core import transforms
from core.errors import CheckpointError
from core.models.heads import Head, replace_head
from core.preprocess import Preprocess

# A family is a module, imported when the first of its names is asked for: timm alone takes two seconds.
FAMILIES = {
    "timm": "core.models.timm_family",
    "torchvision": "core.models.torchvision_family",
    "seewhy": "core.models.seewhy_family",
}
_RENAMED = {"timm:xception": "timm:legacy_xception"}  # Names of old that people still know.
_PLAIN = Head()


class Family(Protocol):
    """What a family's module offers; names come without the family."""

    def names(self) -> list[str]:
        """Every architecture that classifies images."""

    def build(self, name: str, num_classes: int) -> nn.Module:
        """The network with random weights."""

    def preprocess(self, name: str) -> Preprocess:
        """As its published weights were trained."""


def build(architecture: str, num_classes: int, head: Head = _PLAIN) -> nn.Module:
    """The network ``FAMILY:NAME`` with random weights, in evaluation mode; ``head`` in place of its own."""
    family, name = resolve(architecture)
    transforms.v2()  # Now: each process that reads images for the network would import them again.
    model = family.build(name, num_classes)
    replace_head(model, head)
    return model.eval()


def default_preprocess(architecture: str) -> Preprocess:
    """What the published weights of this architecture expect; nothing is downloaded."""
    family, name = resolve(architecture)
    return family.preprocess(name)


def architectures() -> list[str]:
    """All names that `build` takes."""
    return [f"{family}:{name}" for family in FAMILIES for name in _family(family).names()]


def resolve(architecture: str) -> tuple[Family, str]:
    """The module of the family, and the name within it as the family lists it; or CheckpointError."""
    family, _, name = _RENAMED.get(architecture, architecture).partition(":")
    if family not in FAMILIES:
        raise CheckpointError(
            f"no architecture {architecture!r}; expected timm:NAME or torchvision:NAME, or seewhy:NAME"
        )
    names = _family(family).names()
    if name not in names:
        close = ", ".join(f"{family}:{other}" for other in difflib.get_close_matches(name, names, n=3))
        raise CheckpointError(
            f"no architecture {architecture!r} in {family}" + (f"; close: {close}" if close else "")
        )
    return _family(family), name


def _family(family: str) -> Family:
    return cast("Family", importlib.import_module(FAMILIES[family]))
