"""Tiny images to lay out as a publisher does, and what is read of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from tests.support.paths import DATA


def real(name: str) -> ImageSet:
    if catalogue.find(name, DATA) is None:
        pytest.skip(f"there is no {name} in {DATA}")
    return catalogue.load(name, DATA)


def picture(path: Path, grey: int = 0, *, kind: str | None = None) -> None:
    """A file of 2 x 3 pixels, of the format that its name says or of another ``kind``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 3), (grey, grey, grey)).save(path, kind)


def counts(images: ImageSet) -> dict[str, int]:
    numbers = np.bincount(images.labels, minlength=len(images.class_names)).tolist()
    return dict(zip(images.class_names, numbers, strict=True))


def parts(images: ImageSet) -> dict[str, int]:
    assert images.published is not None
    kinds, numbers = np.unique(images.published, return_counts=True)
    return dict(zip(kinds.tolist(), numbers.tolist(), strict=True))
