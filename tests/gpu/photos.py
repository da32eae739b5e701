"""Photos that need no download: smooth coloured shapes with noise, the same at every call."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image


def photo(number: int, size: tuple[int, int]) -> Image.Image:
    """The RGB photo of this number, ``size`` (width, height)."""
    random = np.random.default_rng(number)
    shapes = Image.fromarray(random.integers(0, 256, (7, 9, 3), np.uint8))
    smooth = np.asarray(shapes.resize(size, Image.Resampling.BICUBIC), np.int16)
    noisy = smooth + random.integers(-20, 21, smooth.shape, np.int16)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def class_folders(folder: Path, num_photos: int, size: tuple[int, int]) -> Path:
    """``folder`` with JPEG photos in a folder for each of four classes."""
    for name in range(4):
        (folder / f"class{name}").mkdir(parents=True)

    def write(number: int) -> None:
        photo(number, size).save(folder / f"class{number % 4}" / f"{number:05d}.jpg", quality=90)

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(num_photos)))
    return folder
