"""What a pass does: where its samples come from, and what a network makes of a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core import files
from core.data.cache import Decoded
from core.data.image_set import ImageSet
from core.data.unreadable import away
from core.errors import AwayImageError, ImageError
from core.images.preprocess import Preprocess


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """The pixels of one image as the network sees it, uint8 (channels, H, W).

    ``size`` is the width and height of the original, ``measured`` what the reader has measured in it.
    """

    pixels: Tensor
    size: tuple[int, int]
    measured: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class InputBatch:
    """The readable ones among ``num_images`` samples, in order.

    ``pixels`` are uint8 (n, channels, H, W), ``positions`` (n,) count the samples of the whole pass, and
    ``sizes`` (n, 2) are widths and heights of the originals, ``measured`` (n, M) is float64.
    """

    pixels: Tensor
    positions: Tensor
    sizes: Tensor
    measured: Tensor
    num_images: int

    def pin_memory(self) -> "InputBatch":
        """The batch in pinned memory, which a GPU can read directly."""
        return InputBatch(
            self.pixels.pin_memory(), self.positions, self.sizes, self.measured, self.num_images
        )

    def split(self, num_images: int) -> list["InputBatch"]:
        """The readable samples in batches of ``num_images``, the last one of those that remain."""
        every = (self.pixels, self.positions, self.sizes, self.measured)
        parts = (each.split(num_images) for each in every)
        return [
            InputBatch(pixels, positions, sizes, measured, len(positions))
            for pixels, positions, sizes, measured in zip(*parts, strict=True)
        ]


# What is measured in the upright photo of an index of a data set: always as many numbers.
Measure = Callable[[int, Image.Image], tuple[float, ...]]
# A sample by its position in the pass, from 0; None for a damaged one. Called by several threads at once.
Reader = Callable[[int], Input | None]
Compute = Callable[[InputBatch], pa.Table]


class Work(Protocol):
    """What a pass does. It is pickled for worker processes, and for other machines."""

    @property
    def reader(self) -> Reader:
        """The samples."""

    def opened(self, device: str) -> Compute:
        """Gives the rows of a batch, by a network that this call loads onto ``device``."""


def _nothing(_index: int, _photo: Image.Image) -> tuple[float, ...]:
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class PhotoReader:
    """The images ``indices`` (n,) of a data set, each measured, resized and cropped for the network."""

    images: ImageSet
    preprocess: Preprocess
    indices: NDArray[np.int64]
    measure: Measure = _nothing

    def __call__(self, position: int) -> Input | None:
        """The sample; DataError if its file cannot be read at present, None if it is damaged."""
        index = int(self.indices[position])
        try:
            image = files.patiently(lambda: self.images.image(index), AwayImageError)
            return Input(self.preprocess.pixels(image), image.size, self.measure(index, image))
        except AwayImageError as error:
            raise away(self.images, error) from error
        except ImageError:
            return None


@dataclass(frozen=True, slots=True, eq=False)
class CachedReader:
    """The images ``indices`` (n,) of a data set, decoded already; sizes are those of the network's input."""

    decoded: Decoded
    indices: NDArray[np.int64]

    def __call__(self, position: int) -> Input:
        """The sample; raises as `Decoded.inputs`."""
        (pixels,) = self.decoded.inputs([int(self.indices[position])])
        return Input(pixels, (pixels.shape[2], pixels.shape[1]))


def together(samples: Sequence[tuple[int, Input | None]]) -> InputBatch:
    """The batch of samples and their positions, without damaged ones."""
    whole = [(position, sample) for position, sample in samples if sample is not None]
    pixels = [sample.pixels for _, sample in whole]
    return InputBatch(
        torch.stack(pixels) if pixels else torch.empty(0, dtype=torch.uint8),
        torch.tensor([position for position, _ in whole], dtype=torch.int64),
        torch.tensor([sample.size for _, sample in whole], dtype=torch.int64).reshape(-1, 2),
        numbers([sample.measured for _, sample in whole]),
        len(samples),
    )


def numbers(rows: Sequence[Sequence[float]]) -> Tensor:
    """Rows of as many numbers each as a float64 tensor (n, M); (0, 0) without rows."""
    return torch.tensor(rows, dtype=torch.float64) if rows else torch.empty(0, 0, dtype=torch.float64)
