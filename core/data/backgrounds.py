"""Other backgrounds behind the objects of training images, or blurred ones, for data with masks."""

from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.data.cache import Decoded
from core.data.image_set import Labels
from core.data.object_masks import mask_of_image
from core.errors import DataError

_NUMBER = 200  # Backgrounds to choose from.
_RIM = 3  # Pixels around an object that are painted over with it.
_BLUR = 0.1  # Standard deviation, as a share of the shorter side.
_Mask = NDArray[np.bool_]


class Backgrounds:
    """Puts the background of a random training image behind each object, from which its own object is gone.

    The choice depends only on ``seed`` and the image's key (epoch, index). Where the object of an image was,
    its surroundings are continued (Telea 2004, doi:10.1080/10867651.2004.10487596). Images without a mask
    stay as they are.

    Raises:
        DataError: no training image has a mask.
    """

    def __init__(self, decoded: Decoded, train: Labels, seed: int) -> None:
        self.decoded, self.seed = decoded, seed
        self.marked = _marked(decoded, train)

    def __call__(self, pixels: Tensor, keys: Sequence[tuple[int, int]]) -> Tensor:
        """The images, uint8 (n, channels, H, W), each on another background."""
        return torch.stack([self._swapped(image, key) for image, key in zip(pixels, keys, strict=True)])

    def _swapped(self, pixels: Tensor, key: tuple[int, int]) -> Tensor:
        mask = object_mask(self.decoded, key[1])
        if mask is None:
            return pixels
        place = int(np.random.default_rng([self.seed, *key]).integers(len(self._bank)))
        return torch.where(torch.from_numpy(mask), pixels, self._bank[place])

    @cached_property
    def _bank(self) -> list[Tensor]:
        """Backgrounds without their objects, uint8 (channels, H, W)."""
        return [self._without_object(index) for index in self.marked]

    def _without_object(self, index: int) -> Tensor:
        (pixels,) = self.decoded.pixels([index])
        mask = object_mask(self.decoded, index)
        hole = cv2.dilate(np.asarray(mask, np.uint8), np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8))
        filled = [cv2.inpaint(channel, hole, _RIM, cv2.INPAINT_TELEA) for channel in pixels.numpy()]
        return torch.from_numpy(np.stack(filled))


class Blurred:
    """Blurs the background of each image until only its colours remain; none of the object's mix in.

    A Gaussian blur over the background's pixels only, with a standard deviation of a tenth of the shorter
    side. Images without a mask stay as they are.

    Raises:
        DataError: no training image has a mask.
    """

    def __init__(self, decoded: Decoded, train: Labels) -> None:
        self.decoded = decoded
        _marked(decoded, train)

    def __call__(self, pixels: Tensor, keys: Sequence[tuple[int, int]]) -> Tensor:
        """The images, uint8 (n, channels, H, W), each with its own background blurred."""
        return torch.stack([self._blurred(image, key[1]) for image, key in zip(pixels, keys, strict=True)])

    def _blurred(self, pixels: Tensor, index: int) -> Tensor:
        mask = object_mask(self.decoded, index)
        if mask is None or mask.all():
            return pixels
        outside = (~mask).astype(np.float32)
        weight = _smooth(outside)
        channels = [_smooth(channel * outside) / np.maximum(weight, 1e-6) for channel in pixels.numpy()]
        background = torch.from_numpy(np.stack(channels).round().clip(0, 255).astype(np.uint8))
        return torch.where(torch.from_numpy(mask), pixels, background)


def _smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _BLUR * min(values.shape)), np.float32)


def _marked(decoded: Decoded, train: Labels) -> list[int]:
    """Training images with a mask, some of them where there are many; DataError without any."""
    marked = [index for index in _spread(train) if object_mask(decoded, index) is not None]
    if not marked:
        raise DataError(
            f"no training image of {decoded.images.name!r} has a mask that tells its background; "
            "data.swap_backgrounds and data.blur_backgrounds need masks"
        )
    return marked


def object_mask(decoded: Decoded, index: int) -> _Mask | None:
    """The object's pixels at the network's input, with its margin, boolean (H, W); None without a mask."""
    inside = _on_image(decoded, index)
    if inside is None:
        return None
    picture = Image.fromarray(inside.astype(np.uint8) * 255)
    pixels = decoded.preprocess.pixels(picture, margin=decoded.preprocess.margin)
    return np.asarray(pixels[0].numpy() >= 128)


def _on_image(decoded: Decoded, index: int) -> _Mask | None:
    """The object's pixels and those that may be its own, on the image."""
    images = decoded.images
    if images.mask is None and images.root is None:
        return None
    mask = mask_of_image(images, index, images.image(index).size)
    return None if mask is None else mask.inside | ~mask.sure


def _spread(train: Labels) -> list[int]:
    """At most `_NUMBER` of the indices, evenly spread."""
    places = np.linspace(0, len(train) - 1, min(_NUMBER, len(train))).astype(int)
    return [int(index) for index in train[places]]
