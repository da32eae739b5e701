"""Batches of images in order, with the sizes of the originals and without broken images."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from core import files
from core.data.image_set import ImageSet
from core.data.unreadable import away
from core.data.workers import leave_quietly
from core.errors import AwayImageError, ImageError
from core.images.preprocess import Preprocess

_BATCH = 32

Item = tuple[Tensor, int, tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pixels (n, channels, H, W), indices (n,) and sizes (n, 2) of the sound ones among ``num_images``.

    Sizes are widths and heights of the original images.
    """

    pixels: Tensor
    indices: Tensor
    sizes: Tensor
    num_images: int

    def pin_memory(self) -> "Batch":
        """The batch in pinned memory, which a GPU can read directly."""
        return Batch(self.pixels.pin_memory(), self.indices, self.sizes, self.num_images)


def batches(
    images: ImageSet, preprocess: Preprocess, *, first: int, workers: int, pinned: bool
) -> Iterator[Batch]:
    """All images from index ``first`` on, read by ``workers`` processes; ``pinned`` memory is for CUDA."""
    left = range(first, len(images))
    chunks = [list(left[start : start + _BATCH]) for start in range(0, len(left), _BATCH)]
    yield from DataLoader(
        _SizedImages(images, preprocess),
        batch_sampler=chunks,
        collate_fn=_together,
        num_workers=workers if chunks else 0,
        pin_memory=pinned,
        worker_init_fn=leave_quietly,
    )


class _SizedImages(Dataset[Item]):
    """By index: pixels, empty where the image is broken, index and size; as in core.predicting.evaluate."""

    def __init__(self, images: ImageSet, preprocess: Preprocess) -> None:
        self.images, self.preprocess = images, preprocess

    def __getitem__(self, index: int) -> Item:
        try:
            image = files.patiently(lambda: self.images.image(index), AwayImageError)
        except AwayImageError as error:
            raise away(self.images, error) from error
        except ImageError:
            return torch.empty(0, dtype=torch.uint8), index, (0, 0)
        return self.preprocess.pixels(image), index, image.size


def _together(items: list[Item]) -> Batch:
    whole = [item for item in items if item[0].numel()]
    pixels = torch.stack([each for each, _, _ in whole]) if whole else torch.empty(0, dtype=torch.uint8)
    indices = torch.tensor([index for _, index, _ in whole], dtype=torch.int64)
    sizes = torch.tensor([size for _, _, size in whole], dtype=torch.int64).reshape(-1, 2)
    return Batch(pixels, indices, sizes, len(items))
