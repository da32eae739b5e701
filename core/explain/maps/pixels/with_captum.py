"""captum, imported at first use, and its output as numbers of at least single precision."""

import importlib
import warnings
from types import ModuleType

from torch import Tensor

from core.explain.maps.cam import wide

# captum warns at every call that it sets hooks; here it sets them on a private copy.
warnings.filterwarnings("ignore", message="Setting backward hooks on ReLU activations")


def captum() -> ModuleType:
    """captum's methods, imported at first use: that takes half a second."""
    return importlib.import_module("captum.attr")


def detached(attribution: Tensor) -> Tensor:
    """An attribution without its graph."""
    return wide(attribution.detach())
