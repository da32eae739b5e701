"""Folders of checkpoints that tests may write to; the repository's own is never one of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.checkpoints import paths


@contextmanager
def checkpoints_in(root: Path) -> Iterator[Path]:
    """Within the block, checkpoints lie in ``root``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.VARIABLE, str(root))
        yield root


def link_all(source: Path, root: Path) -> Path:
    """Links in ``root`` to the checkpoints of ``source``: to be read, and beside which others can be made."""
    for entry in os.scandir(source):
        if entry.is_dir() and not entry.name.startswith("."):
            (root / entry.name).symlink_to(entry.path)
    return root
