"""Data sets of tiny images that count how often they are read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.image_set import Files, ImageSet, fingerprint_of_files
from core.errors import ImageError
from core.images.preprocess import Preprocess

SMALL = Preprocess((12, 12), 18, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), "bicubic")
NUM_BYTES = 3 * 18 * 18  # Of one image of SMALL, with its margin of 3.
GREY = Preprocess((12, 12), 15, (0.13,), (0.31,))


class Counted:
    """Seeded noise by index; it knows which images it was asked for."""

    def __init__(self, broken: frozenset[int] = frozenset()) -> None:
        self.asked: list[int] = []
        self.broken = broken

    def __call__(self, index: int) -> Image.Image:
        """The picture, and a note of it."""
        self.asked.append(index)
        if index in self.broken:
            raise ImageError(f"got nothing at {index}")
        return random_photo(index)


def random_photo(seed: int, size: tuple[int, int] = (40, 31)) -> Image.Image:
    width, height = size
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def set_of(image: Callable[[int], Image.Image], number: int = 4, fingerprint: str = "0") -> ImageSet:
    labels = np.arange(number) % 2
    return ImageSet("x", ("a", "b"), labels, [f"x/{each}" for each in range(number)], image, fingerprint)


def folder_of(root: Path, names: list[str]) -> ImageSet:
    labels = np.zeros(len(names), np.int64)
    present = [name for name in names if (root / name).exists()]
    fingerprint = fingerprint_of_files(root, present, labels)
    return ImageSet("files", ("any",), labels, names, Files(root, names), fingerprint, root=root)
