"""A tiny network and images for it."""

from pathlib import Path

import pytest

from core.data.image_set import ImageSet
from core.data.sources.folder.class_folders import SOURCE
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def folder() -> Path:
    return random_checkpoint()


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    return SOURCE.load(noisy_pictures(tmp_path / "data"))
