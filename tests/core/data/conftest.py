"""Images of many sizes in many formats."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.image_set import ImageSet
from tests.support.images.counted_images import folder_of, random_photo


@pytest.fixture
def mixed(tmp_path: Path) -> ImageSet:
    """Four readable files: a turned JPEG, one with transparency, a grey one, one with a palette."""
    root = tmp_path / "data"
    root.mkdir()
    turned = Image.Exif()
    turned[274] = 6
    random_photo(0, (41, 23)).save(root / "turned.jpg", exif=turned)
    values = np.random.default_rng(1).integers(0, 256, (20, 30, 4), np.uint8)
    Image.fromarray(values, "RGBA").save(root / "clear.png")
    random_photo(2, (19, 50)).convert("L").save(root / "grey.png")
    random_photo(3).convert("P").save(root / "palette.png")
    return folder_of(root, ["turned.jpg", "clear.png", "grey.png", "palette.png"])
