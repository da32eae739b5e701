"""A tiny network and images for it."""

from pathlib import Path

import pytest

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.sources.folder.class_folders import SOURCE
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def loaded() -> Checkpoint:
    """Random weights, in a folder of its own."""
    return store.load(random_checkpoint())


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    """Eleven images of 40 x 30, the seventh of them broken."""
    return SOURCE.load(noisy_pictures(tmp_path / "data"))
