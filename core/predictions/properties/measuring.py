"""What is measured in each photo: light, colours, sharpness, size, and how much of it the network sees."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.arrays import FloatArray
from core.data.image_set import ImageSet, Labels
from core.errors import ImageError
from core.images.preprocess import Preprocess
from core.passes.work import Input, Reader

MEASURED = (
    "brightness",
    "contrast",
    "colourfulness",
    "sharpness",
    "aspect_ratio",
    "width",
    "height",
    "file_size",
    "cropped",
)
SIDE = 256  # Pixels, at most, of the copy in which light, colours and sharpness are measured.
_WHITE = 255
_LEVELS = np.arange(_WHITE + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Measuring:
    """The properties `MEASURED` of the photos of a data set, for a network with this preprocessing."""

    images: ImageSet
    preprocess: Preprocess

    def __call__(self, index: int, photo: Image.Image) -> tuple[float, ...]:
        """The properties of one upright photo, in the order of `MEASURED`."""
        width, height = photo.size
        shape = (width / height, width, height, self._num_bytes(index), self._cropped(photo.size))
        return (*looks(photo), *shape)

    def _num_bytes(self, index: int) -> float:
        path = self.images.path(index)
        try:
            return np.nan if path is None else path.stat().st_size
        except OSError:
            return np.nan

    def _cropped(self, size: tuple[int, int]) -> float:
        seen = self.preprocess.window(size).shares(size)
        width = min(seen.right, 1) - max(seen.left, 0)
        return max(0.0, 1 - width * (min(seen.bottom, 1) - max(seen.top, 0)))


def measured(images: ImageSet, preprocess: Preprocess, index: int) -> tuple[float, ...]:
    """The properties `MEASURED` of one image of a data set; raises as `ImageSet.image`."""
    return Measuring(images, preprocess)(index, images.image(index))


@dataclass(frozen=True, slots=True, eq=False)
class AlsoMeasured:
    """Samples from ``reader``, which has no photos, with the properties of the photos ``indices`` (n,).

    Properties of a photo that cannot be read any more are NaN.
    """

    reader: Reader
    measure: Measuring
    indices: Labels

    def __call__(self, position: int) -> Input | None:
        """The sample; raises as ``reader``."""
        sample, index = self.reader(position), int(self.indices[position])
        if sample is None:
            return None
        try:
            properties = self.measure(index, self.measure.images.image(index))
        except ImageError:
            properties = (np.nan,) * len(MEASURED)
        return Input(sample.pixels, sample.size, properties)


def looks(photo: Image.Image) -> tuple[float, float, float, float]:
    """Brightness, contrast, colourfulness and sharpness of an RGB photo.

    Brightness and contrast are mean and standard deviation of luma (ITU-R 601), 0 to 1; colourfulness is that
    of Hasler and Suesstrunk (2003, doi:10.1117/12.477378), sharpness the variance of the Laplacian, both in
    levels of 0 to 255. They are measured in a copy that is reduced by a whole number, so that no side has
    more than `SIDE` pixels: so they do not depend on the resolution of a large photo.
    """
    factor = -(-max(photo.size) // SIDE)
    small = photo.reduce(factor) if factor > 1 else photo
    luma = small.convert("L")
    brightness, contrast = _mean_and_deviation(luma)
    return brightness, contrast, colourfulness(np.asarray(small)), sharpness(np.asarray(luma))


def _mean_and_deviation(luma: Image.Image) -> tuple[float, float]:
    counts = np.asarray(luma.histogram())
    mean = counts @ _LEVELS / counts.sum()
    variance = counts @ (_LEVELS - mean) ** 2 / counts.sum()
    return float(mean / _WHITE), float(variance**0.5 / _WHITE)


def colourfulness(pixels: np.typing.NDArray[np.uint8]) -> float:
    """How colourful pixels (H, W, 3) are: 0 for grey, about 110 for the most colourful photos."""
    red, green, blue = pixels.astype(np.float32).reshape(-1, 3).T
    sides = red - green, (red + green) / 2 - blue
    deviation = np.hypot(*(side.std() for side in sides))
    return float(deviation + 0.3 * np.hypot(*(side.mean() for side in sides)))


def sharpness(luma: np.typing.NDArray[np.uint8]) -> float:
    """The variance of the Laplacian (4 neighbours) over the inner pixels of luma (H, W); 0 without any."""
    levels: FloatArray = luma.astype(np.float32)
    inner = levels[1:-1, 1:-1]
    if not inner.size:
        return 0.0
    around = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
    return float((around - 4 * inner).var())
