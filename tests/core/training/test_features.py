"""What a backbone makes of images is kept, and made again where what was kept is damaged."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from core.data.cache import decode
from core.data.image_set import ImageSet, Pixels
from core.images.preprocess import Preprocess
from core.passes.work import CachedReader
from core.training.lightning.features import features, room_for
from tests.support.trainings.scarce_memory import room_for as room_for_images

SMALL = Preprocess((6, 6), None, (0.5,), (0.5,))


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_features_are_kept_and_made_again_where_they_are_damaged(
    tmp_path: Path, damage: bytes | None
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 6), np.uint8)
    names = [f"x/{index}" for index in range(4)]
    images = ImageSet("x", ("a", "b"), np.array([0, 1, 0, 1]), names, Pixels(pixels), "0")
    decoded, asked = decode(images, SMALL, folder=tmp_path), []

    def made() -> np.ndarray:
        return features(
            nn.Flatten(), CachedReader(decoded, np.arange(4)), decoded, device="cpu", folder=tmp_path,
            on_progress=lambda progress: asked.append(progress.done),
        )  # fmt: skip

    expected = (pixels.reshape(4, -1) / np.float32(255) - 0.5) / 0.5
    np.testing.assert_allclose(made(), expected, atol=1e-6)
    (kept,) = (tmp_path / "features").glob("*.npy")
    kept.write_bytes(kept.read_bytes()[:-50] if damage is None else damage)
    np.testing.assert_allclose(made(), expected, atol=1e-6)
    np.testing.assert_allclose(made(), expected, atol=1e-6)
    assert asked == [0, 4, 0, 4]
    assert not list((tmp_path / "features").glob("*.parts"))


def test_where_memory_runs_out_features_are_computed_for_fewer_images_at_once(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 6, 6), np.uint8)
    names = [f"x/{index}" for index in range(9)]
    images = ImageSet("x", ("a", "b"), np.arange(9) % 2, names, Pixels(pixels), "1")
    decoded, backbone = decode(images, SMALL, folder=tmp_path), nn.Flatten()
    with room_for_images(3, backbone) as tried:
        made = features(backbone, CachedReader(decoded, np.arange(9)), decoded, device="cpu", folder=tmp_path)
    assert tried == [9, 4, 2, 2, 2, 2, 1]
    np.testing.assert_allclose(made, (pixels.reshape(9, -1) / np.float32(255) - 0.5) / 0.5, atol=1e-6)


def test_there_is_no_room_for_more_than_half_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts and the whole, four bytes a number: 10 x 100 features need 8 kB."""
    for free, fits in ((16_000, True), (15_998, False)):
        monkeypatch.setattr("shutil.disk_usage", lambda _place, free=free: SimpleNamespace(free=free))
        assert room_for(10, 100, tmp_path) is fits
