"""From image to batch, and back: the part of the original image that each cell of a map belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from torch import Tensor

from core.arrays import FloatArray
from core.images import transforms

# Limits for stored values: larger inputs need more memory than machines have.
Side = Annotated[int, Field(ge=1, le=8_192)]

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_BAND = 64
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos", "nearest")


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an image that the network sees, in pixels of that image; edges may be fractions."""

    left: float
    top: float
    right: float
    bottom: float

    def shares(self, size: tuple[int, int]) -> "Window":
        """The window relative to an image of ``size`` (width, height), from 0 to 1."""
        return self.scaled(1 / size[0], 1 / size[1])

    def scaled(self, x_factor: float, y_factor: float) -> "Window":
        """The window on the same image at another size."""
        return Window(
            self.left * x_factor, self.top * y_factor, self.right * x_factor, self.bottom * y_factor
        )


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How an upright RGB image becomes the network's input, as in training.

    ``resize`` is the length of the shorter side before the centre crop of ``input_size`` (height, width);
    None squeezes the image into ``input_size``. ``mean`` and ``std`` are per channel, for values in [0, 1];
    ``centred`` then subtracts from each image the mean of all its values.
    One channel is grey; four are red, green, blue and alpha; any other number repeats red, green and blue, as
    timm repeats the filters of published weights.
    """

    input_size: tuple[Side, Side]
    resize: Side | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str = "bilinear"
    centred: bool = False

    def __repr__(self) -> str:
        # Fingerprints and the names of caches are made of it: a setting that is off must not change them.
        shown = [each.name for each in fields(self) if each.name != "centred" or self.centred]
        return f"Preprocess({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __post_init__(self) -> None:
        if min(self.input_size) < 1 or (self.resize is not None and self.resize < max(self.input_size)):
            raise ValueError(f"resize {self.resize!r} does not cover the input size {self.input_size!r}")
        if not self.mean or len(self.std) != len(self.mean) or min(self.std) <= 0:
            raise ValueError(
                f"mean {self.mean!r} and std {self.std!r} must have the same length, and std must be above 0"
            )
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"interpolation {self.interpolation!r} is none of {', '.join(INTERPOLATIONS)}")

    def batch(self, images: Sequence[Image.Image]) -> Tensor:
        """Upright images of any size as one normalised float32 batch (N, channels, H, W)."""
        return self.normalised(torch.stack([self.pixels(image) for image in images]))

    def blank_input(self) -> Tensor:
        """A batch of one input whose values are all zero, float32 (1, channels, H, W)."""
        return torch.zeros(1, len(self.mean), *self.input_size)

    @property
    def margin(self) -> int:
        """The number of pixels that every resized image has around the centre crop."""
        return 0 if self.resize is None else (self.resize - max(self.input_size)) // 2

    def pixels(self, image: Image.Image, *, margin: int = 0) -> Tensor:
        """The resized and cropped image, uint8 (channels, H + 2 margin, W + 2 margin)."""
        width, height = self._resized(image.size)
        left, top = self._crop_offset(image.size)
        mode = _MODES.get(len(self.mean), "RGB")
        filter_, change = transforms.v2().InterpolationMode(self.interpolation), transforms.functional()
        # Not `Image.resize(box=…)`, which resizes in another order: pixels differ by up to 15 levels.
        resized = change.resize(image.convert(mode), [height, width], interpolation=filter_)
        rows, columns = (side + 2 * margin for side in self.input_size)
        view: Tensor = change.pil_to_tensor(change.crop(resized, top - margin, left - margin, rows, columns))
        channels = len(self.mean)
        return view if len(view) == channels else view[[index % len(view) for index in range(channels)]]

    def without_margin(self, pixels: Tensor) -> Tensor:
        """The centre (..., H, W) of pixels with `margin` around it."""
        height, width = self.input_size
        return pixels[..., self.margin : self.margin + height, self.margin : self.margin + width]

    def normalised(self, pixels: Tensor) -> Tensor:
        """Network input from uint8 pixels (N, channels, H, W): float32 of the same shape."""
        change = transforms.functional()
        values = change.to_dtype(pixels, torch.float32, scale=True)
        normalised: Tensor = change.normalize(values, list(self.mean), list(self.std))
        return normalised - normalised.mean((-3, -2, -1), keepdim=True) if self.centred else normalised

    @property
    def mean_colour(self) -> list[float]:
        """The mean that is subtracted, as the network gets it: 0 per channel; mid-grey where none is."""
        grey = 0.0 if any(self.mean) or self.centred else 0.5
        return [grey / deviation for deviation in self.std]

    def window(self, size: tuple[int, int]) -> Window:
        """The part of an image of ``size`` (width, height) that the network sees."""
        width, height = size
        resized_width, resized_height = self._resized(size)
        left, top = self._crop_offset(size)
        x_scale, y_scale = resized_width / width, resized_height / height
        input_height, input_width = self.input_size
        return Window(
            left / x_scale, top / y_scale, (left + input_width) / x_scale, (top + input_height) / y_scale
        )

    def on_image(
        self, values: FloatArray, size: tuple[int, int], drawn: tuple[int, int] | None = None
    ) -> FloatArray:
        """Carry values (h, w) over the network's input back to an image of ``size`` (width, height): (H, W).

        Bilinear between the centres of cells; NaN at pixels whose centre the network did not see. ``drawn``
        is the size (width, height) at which the image is shown, if it differs.
        """
        width, height = drawn or size
        window = self.window(size).scaled(width / size[0], height / size[1])
        columns = _Between.cells(values.shape[1], width, window.left, window.right)
        rows = _Between.cells(values.shape[0], height, window.top, window.bottom)
        wide = np.ascontiguousarray(columns.spread(values.astype(np.float32).T).T)
        spread = np.empty((height, width), np.float32)
        # In bands of rows, which stay in the processor's cache. Not as a matrix product, whose threads cost
        # more than the arithmetic.
        for top in range(0, height, _BAND):
            band = slice(top, top + _BAND)
            spread[band] = rows.part(band).spread(wide)
        spread[_outside(height, window.top, window.bottom)] = np.nan
        spread[:, _outside(width, window.left, window.right)] = np.nan
        return spread

    def _resized(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height before the crop; the longer side is rounded down, as torchvision does."""
        if self.resize is None:
            return self.input_size[1], self.input_size[0]
        shorter = min(size)
        return self.resize * size[0] // shorter, self.resize * size[1] // shorter

    def _crop_offset(self, size: tuple[int, int]) -> tuple[int, int]:
        width, height = self._resized(size)
        return round((width - self.input_size[1]) / 2), round((height - self.input_size[0]) / 2)


def colours(pixels: Tensor) -> Tensor:
    """Pixels (…, channels, H, W) as red, green and blue: grey repeated, else the first three channels."""
    if pixels.shape[-3] >= 3:
        return pixels[..., :3, :, :]
    return pixels[..., [0, pixels.shape[-3] - 1, 0], :, :]


@dataclass(frozen=True, slots=True, eq=False)
class _Between:
    """For each pixel of a line: the two cells around it, and the weight of the upper one."""

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    share: FloatArray

    @classmethod
    def cells(cls, cells: int, pixels: int, start: float, end: float) -> "_Between":
        """For cells that divide [start, end) evenly; beyond the outermost centres, that cell alone."""
        centres = (np.arange(pixels) + 0.5 - start) / (end - start) * cells - 0.5
        position = np.clip(centres, 0, cells - 1)
        lower = np.minimum(position.astype(np.intp), max(cells - 2, 0))
        return cls(lower, np.minimum(lower + 1, cells - 1), (position - lower).astype(np.float32))

    def part(self, band: slice) -> "_Between":
        """The same for a band of the pixels."""
        return _Between(self.lower[band], self.upper[band], self.share[band])

    def spread(self, values: FloatArray) -> FloatArray:
        """Values (cells, …) interpolated linearly at the pixels: (pixels, …)."""
        share = self.share[:, None]
        spread = values[self.lower]
        spread *= 1 - share
        spread += values[self.upper] * share
        return spread


def _outside(pixels: int, start: float, end: float) -> NDArray[np.bool_]:
    centres = np.arange(pixels) + 0.5
    return (centres < start) | (centres >= end)
