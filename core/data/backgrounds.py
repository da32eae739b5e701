"""Other backgrounds behind the objects of training images, for data whose objects are marked by masks."""

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
from core.data.sources.masks import mask_of
from core.errors import DataError

_NUMBER = 200  # Backgrounds to choose from.
_RIM = 3  # Pixels around an object that are painted over with it.
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
        self.marked = [index for index in _spread(train) if object_mask(decoded, index) is not None]
        if not self.marked:
            raise DataError(
                f"no training image of {decoded.images.name!r} has a mask that tells its background; "
                "data.swap_backgrounds needs masks"
            )

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


def object_mask(decoded: Decoded, index: int) -> _Mask | None:
    """The object's pixels at the network's input, with its margin, boolean (H, W); None without a mask."""
    images = decoded.images
    mask = images.mask(index) if images.mask is not None else _beside_photo(decoded, index)
    if mask is None:
        return None
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    pixels = decoded.preprocess.pixels(picture, margin=decoded.preprocess.margin)
    return np.asarray(pixels[0].numpy() >= 128)


def _beside_photo(decoded: Decoded, index: int) -> _Mask | None:
    path = decoded.images.path(index)
    if path is None:
        return None
    mask = mask_of(path, decoded.images.image(index).size)
    return None if mask is None else mask.inside | ~mask.sure


def _spread(train: Labels) -> list[int]:
    """At most `_NUMBER` of the indices, evenly spread."""
    places = np.linspace(0, len(train) - 1, min(_NUMBER, len(train))).astype(int)
    return [int(index) for index in train[places]]
