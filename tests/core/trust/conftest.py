"""A tiny network and pictures for it, whose maps are tested in a moment."""

from pathlib import Path

import pytest

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.trust.pairs import MethodAtLayer
from core.trust.photos import open_any
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint

PAIRS = (MethodAtLayer("grad_cam", "block2"), MethodAtLayer("layer_cam", "block2"))


@pytest.fixture
def loaded() -> Checkpoint:
    """Random weights, in a folder of its own."""
    return store.load(random_checkpoint())


@pytest.fixture
def images(loaded: Checkpoint, tmp_path: Path) -> ImageSet:
    """Eleven images of 40 x 30, the seventh of them broken."""
    return open_any(loaded.folder, noisy_pictures(tmp_path / "data"))


@pytest.fixture
def pairs() -> tuple[MethodAtLayer, ...]:
    """Two methods at the last layer."""
    return PAIRS
