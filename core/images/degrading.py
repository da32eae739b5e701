"""Photos made worse in steps, one kind at a time: darker, blurred, noisy, compressed, smaller, rotated."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageStat

Change = Callable[[Image.Image, float, int], Image.Image]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of degradation: its steps from mild to strong, their unit, and the value of the photo itself.

    ``change`` makes a photo worse by the value of a step; its last argument is a seed.
    """

    name: str
    unit: str
    none: float
    steps: tuple[float, ...]
    change: Change


def degraded(photo: Image.Image, kind: str, value: float, seed: int = 0) -> Image.Image:
    """An upright RGB photo, made worse; ``seed`` is for noise. KeyError for an unknown kind."""
    return KINDS[kind].change(photo, value, seed)


def _brightness(photo: Image.Image, factor: float, _seed: int) -> Image.Image:
    return ImageEnhance.Brightness(photo).enhance(factor)


def _contrast(photo: Image.Image, factor: float, _seed: int) -> Image.Image:
    return ImageEnhance.Contrast(photo).enhance(factor)


def _blur(photo: Image.Image, percent: float, _seed: int) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(percent / 100 * min(photo.size)))


def _noise(photo: Image.Image, percent: float, seed: int) -> Image.Image:
    pixels = np.asarray(photo, np.float32)
    noise = np.random.default_rng(seed).standard_normal(pixels.shape, np.float32)
    return Image.fromarray((pixels + noise * 255 * percent / 100).round().clip(0, 255).astype(np.uint8))


def _jpeg(photo: Image.Image, quality: float, _seed: int) -> Image.Image:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=int(quality))
    return Image.open(file).convert("RGB")


def _resolution(photo: Image.Image, percent: float, _seed: int) -> Image.Image:
    width, height = (max(1, round(side * percent / 100)) for side in photo.size)
    return photo.resize((width, height), Image.Resampling.BOX)


def _rotation(photo: Image.Image, degrees: float, _seed: int) -> Image.Image:
    """Corners that become visible have the photo's mean colour."""
    mean = tuple(round(each) for each in ImageStat.Stat(photo).mean)
    return photo.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=mean)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("brightness", "times as bright", 1, (0.8, 0.6, 0.4, 0.2), _brightness),
        Kind("overexposure", "times as bright", 1, (1.25, 1.5, 2, 3), _brightness),
        Kind("contrast", "times the contrast", 1, (0.8, 0.6, 0.4, 0.2), _contrast),
        Kind("blur", "% of the shorter side", 0, (0.5, 1, 2, 4), _blur),
        Kind("noise", "% of the range of values", 0, (2, 5, 10, 20), _noise),
        Kind("jpeg", "JPEG quality", 100, (75, 40, 15, 5), _jpeg),
        Kind("resolution", "% of width and height", 100, (75, 50, 25, 12.5), _resolution),
        Kind("rotation", "degrees", 0, (5, 10, 20, 45), _rotation),
    )
}
