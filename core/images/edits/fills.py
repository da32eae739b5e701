"""What takes the place of a hidden part: blur, mean colour, inpainting, noise, or another photo."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps, ImageStat
from pydantic import Field
from pydantic.dataclasses import dataclass

from core.images.edits.schema import SETTINGS, Seed

Inside = NDArray[np.bool_]  # The pixels of a part (H, W).
Photos = Callable[[str], Image.Image]  # Another photo, upright and RGB, by its name.

_BLURS = 14  # As `core.explain.trust.absent`: nothing smaller than 1/14 of a side is left.
_INPAINTED_SIDE = 512  # Longer photos are inpainted at this size: the time grows with the hole.
_REACH = 3  # Pixels around the hole that inpainting looks at.


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Noise:
    """Random colours with the photo's mean and spread; the same seed gives the same ones."""

    noise: Seed


@dataclass(frozen=True, slots=True, config=SETTINGS)
class OtherPhoto:
    """Another photo at the same place, enlarged or cut to cover this one."""

    photo: Annotated[str, Field(min_length=1, max_length=1_000)]


FillName = Literal["blur", "mean colour", "inpainting", "noise"]
Fill = FillName | Noise | OtherPhoto


def filled(photo: Image.Image, inside: Inside, fill: Fill, photos: Photos) -> Image.Image:
    """The photo with its pixels ``inside`` (H, W) replaced; all others stay bit-equal."""
    if isinstance(fill, OtherPhoto):
        content = np.asarray(ImageOps.fit(photos(fill.photo), photo.size))
    elif isinstance(fill, Noise):
        content = _noise(photo, fill.noise)
    else:
        content = _CONTENT[fill](photo, inside)
    return Image.fromarray(np.where(inside[:, :, None], content, np.asarray(photo)))


def blurred(photo: Image.Image) -> Image.Image:
    """The photo under a Gaussian blur whose standard deviation is 1/14 of the shorter side."""
    return photo.filter(ImageFilter.GaussianBlur(min(photo.size) / _BLURS))


def mean_colour(photo: Image.Image) -> tuple[int, ...]:
    """The mean of each channel, rounded: 0 to 255."""
    return tuple(round(each) for each in ImageStat.Stat(photo).mean)


def _blurred(photo: Image.Image, _inside: Inside) -> NDArray[np.uint8]:
    return np.asarray(blurred(photo))


def _plain(photo: Image.Image, _inside: Inside) -> NDArray[np.uint8]:
    return np.asarray(mean_colour(photo), np.uint8)


def _inpainted(photo: Image.Image, inside: Inside) -> NDArray[np.uint8]:
    """Surroundings continued into the hole (Telea 2004, doi:10.1080/10867651.2004.10487596)."""
    small = photo.copy()
    small.thumbnail((_INPAINTED_SIDE, _INPAINTED_SIDE))
    # Each small pixel that touches the hole belongs to it: no colour of the hidden part leaks.
    share = Image.fromarray(inside.astype(np.float32)).resize(small.size, Image.Resampling.BOX)
    hole = (np.asarray(share) > 0).astype(np.uint8)
    continued = cv2.inpaint(np.asarray(small), hole, _REACH, cv2.INPAINT_TELEA)
    return np.asarray(Image.fromarray(np.asarray(continued, np.uint8)).resize(photo.size))


def _noise(photo: Image.Image, seed: int = 0) -> NDArray[np.uint8]:
    statistics = ImageStat.Stat(photo)
    shape = (photo.height, photo.width, len(statistics.mean))
    values = np.random.default_rng(seed).standard_normal(shape, np.float32)
    spread, mean = (np.asarray(each, np.float32) for each in (statistics.stddev, statistics.mean))
    return np.asarray((values * spread + mean).round().clip(0, 255), np.uint8)


_CONTENT: Mapping[str, Callable[[Image.Image, Inside], NDArray[np.uint8]]] = {
    "blur": _blurred,
    "mean colour": _plain,
    "inpainting": _inpainted,
    "noise": lambda photo, _inside: _noise(photo),
}
