"""A small checkpoint that a test may damage."""

import shutil
from pathlib import Path

import pytest

from core.checkpoints.store import Checkpoint


@pytest.fixture
def folder(small: Checkpoint, tmp_path: Path) -> Path:
    """A copy of the small checkpoint that a test may damage."""
    return Path(shutil.copytree(small.folder, tmp_path / "small"))
