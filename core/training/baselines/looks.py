"""Colours and a thumbnail of each image: what baselines without a network look at."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core import files
from core.arrays import FloatArray
from core.data.image_set import ImageSet, Labels
from core.data.unreadable import away
from core.errors import AwayImageError, ImageError

_VIEW = 64  # Pixels: colours are counted in the whole image, squeezed to this square.
SIDE = 16  # Pixels of a thumbnail.
_LEVELS = 4  # Of each of red, green and blue.
NUM_COLOURS = _LEVELS**3


@dataclass(frozen=True, slots=True, eq=False)
class SimpleLooks:
    """What simple rules know of N readable images, with their labels (N,).

    ``medians`` of red, green and blue (N, 3), and ``thumbnails`` (N, 16 * 16 * 3), are in [0, 1];
    ``histograms`` (N, 64) are the shares of pixels of each of 4 x 4 x 4 colours.
    """

    medians: FloatArray
    histograms: FloatArray
    thumbnails: FloatArray
    labels: Labels


def simple_looks(images: ImageSet, indices: Labels) -> SimpleLooks:
    """The looks of these images, without those that are damaged; 3 KB each.

    Raises:
        DataError: an image cannot be read at present.
    """
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        every = list(pool.map(partial(_look, images), indices.tolist()))
    readable = [look for look in every if look is not None]
    whole = np.array([look is not None for look in every], np.bool_)
    return SimpleLooks(
        _stacked([median for median, _, _ in readable], 3),
        _stacked([histogram for _, histogram, _ in readable], NUM_COLOURS),
        _stacked([thumbnail for _, _, thumbnail in readable], SIDE * SIDE * 3),
        images.labels[indices[whole]],
    )


def _look(images: ImageSet, index: int) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Median, histogram and thumbnail of an image; None if it is damaged."""
    try:
        image = files.patiently(lambda: images.image(index), AwayImageError)
    except AwayImageError as error:
        raise away(images, error) from error
    except ImageError:
        return None
    pixels = _squeezed(image, _VIEW).reshape(-1, 3)
    red, green, blue = (pixels // (256 // _LEVELS)).astype(np.int64).T
    counts = np.bincount((red * _LEVELS + green) * _LEVELS + blue, minlength=NUM_COLOURS)
    thumbnail = _squeezed(image, SIDE).reshape(-1)
    return (
        (np.median(pixels, axis=0) / 255).astype(np.float32),
        (counts / len(pixels)).astype(np.float32),
        (thumbnail / 255).astype(np.float32),
    )


def _squeezed(image: Image.Image, side: int) -> NDArray[np.uint8]:
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def _stacked(rows: Sequence[FloatArray], width: int) -> FloatArray:
    return np.array(rows, np.float32).reshape(len(rows), width)
