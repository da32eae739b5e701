"""A tiny network, and two folders of images to evaluate it on."""

import shutil
from pathlib import Path

import pytest

from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def folder() -> Path:
    return random_checkpoint()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return noisy_pictures(tmp_path / "pictures")


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Other images of the same classes."""
    place = noisy_pictures(tmp_path / "street")
    shutil.rmtree(place / "zebra")
    return place
