"""What a backbone makes of images is kept, and made again where what was kept is damaged."""

from pathlib import Path

import numpy as np
import pytest
from torch import nn

from core.data.cache import decode
from core.data.image_set import ImageSet, Pixels
from core.images.preprocess import Preprocess
from core.training.lightning.features import features

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
            nn.Flatten(), decoded, np.arange(4), device="cpu", folder=tmp_path,
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
