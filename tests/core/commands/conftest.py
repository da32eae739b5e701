"""A photo, and the small checkpoint under a name."""

from pathlib import Path

import pytest

from core.checkpoints import paths
from core.checkpoints.store import Checkpoint
from core.images.sample_photos import sample


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A cat, 451 x 300."""
    path = tmp_path / "cat.png"
    path.write_bytes(sample("chelsea.png"))
    return path


@pytest.fixture
def root(small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands find the small checkpoint by name, and import beside it."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    (root / "small").symlink_to(small.folder)
    monkeypatch.setenv(paths.VARIABLE, str(root))
    return root
