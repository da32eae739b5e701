"""A copy of the checkpoint of the digits for a while, whose maps have been tested on nine images."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.checkpoints import paths
from core.trust.pairs import MethodAtLayer
from core.trust.photos import open_any, sampled
from core.trust.testing.collecting import collect

NAME = "tested"
PAIRS = (MethodAtLayer("grad_cam", "block3"), MethodAtLayer("layer_cam", "block3"))


@contextmanager
def tested_digits() -> Iterator[Path]:
    """The folder of the copy, gone afterwards."""
    folder = paths.root() / NAME
    shutil.copytree(paths.root() / "digits", folder)
    try:
        collect(folder, sampled(folder, open_any(folder, None), 9), PAIRS)
        yield folder
    finally:
        shutil.rmtree(folder)
