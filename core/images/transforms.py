"""torchvision's transforms, imported when they are first used: two seconds, and some pages need none.

Whoever builds a network imports them too: processes that read images for it start with them.
"""

import importlib
from types import ModuleType


def v2() -> ModuleType:
    """``torchvision.transforms.v2``."""
    return importlib.import_module("torchvision.transforms.v2")


def functional() -> ModuleType:
    """``torchvision.transforms.v2.functional``."""
    return importlib.import_module("torchvision.transforms.v2.functional")
