"""torchvision's transforms, imported at first use: it takes two seconds, and some pages do not need them.

Building a network imports them too, so that worker processes start with them loaded.
"""

import importlib
from types import ModuleType


def v2() -> ModuleType:
    """``torchvision.transforms.v2``."""
    return importlib.import_module("torchvision.transforms.v2")


def functional() -> ModuleType:
    """``torchvision.transforms.v2.functional``."""
    return importlib.import_module("torchvision.transforms.v2.functional")
