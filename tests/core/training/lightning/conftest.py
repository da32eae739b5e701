"""Trainings of tests share one cache of decoded images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.checkpoints import paths


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(cache))


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def photos_of_two_classes(tmp_path: Path) -> Path:
    """Forty small images, one of them cut short and one of them a text."""
    random = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 120)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(low, low + 120, (40, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    cut = tmp_path / "photos" / "dark" / "3.png"
    cut.write_bytes(cut.read_bytes()[:300])
    (tmp_path / "photos" / "light" / "4.png").write_text("no picture")
    return tmp_path / "photos"
