"""Samples as the network sees them: training images augmented, validation images not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from core.data.batches import ImageDataset
from core.data.image_set import Labels
from core.images.preprocess import colours
from core.training.material import Material
from core.training.settings.recipe import Recipe

COUNT = 8


@dataclass(frozen=True, slots=True, eq=False)
class PreviewSample:
    """One input before normalisation, RGB uint8 (H, W, 3) even if grey, and its class."""

    picture: NDArray[np.uint8]
    class_name: str


def training_samples(
    data: Material, recipe: Recipe, *, epoch: int, count: int = COUNT
) -> list[PreviewSample]:
    """A few training images from as many classes as possible, as the network gets them in this epoch."""
    chosen = _spread(data.train, data.labels, count)
    pictures = ImageDataset(data.decoded, recipe.augment, recipe.seed)
    batch, _, _ = pictures.__getitems__([(epoch, index) for index in chosen])
    return _samples(batch, data, chosen)


def validation_samples(data: Material, *, count: int = COUNT) -> list[PreviewSample]:
    """A few validation images, the same in every epoch."""
    chosen = _spread(data.val, data.labels, count)
    return _samples(data.decoded.inputs(chosen), data, chosen)


def sheet(data: Material, recipe: Recipe, *, count: int = COUNT) -> NDArray[np.uint8]:
    """One picture, RGB uint8: training images as in two epochs, above a row of validation images."""
    rows = [
        training_samples(data, recipe, epoch=0, count=count),
        training_samples(data, recipe, epoch=1, count=count),
        validation_samples(data, count=count),
    ]
    widest = max(map(len, rows))
    return np.concatenate([_strip(row, widest) for row in rows])


def _strip(row: Sequence[PreviewSample], places: int) -> NDArray[np.uint8]:
    """Pictures side by side with a white border around each; empty places are white."""
    framed = [np.pad(each.picture, ((2, 2), (2, 2), (0, 0)), constant_values=255) for each in row]
    empty = [np.full_like(framed[0], 255)] * (places - len(framed))
    return np.concatenate([*framed, *empty], axis=1)


def _spread(side: Labels, labels: Labels, count: int) -> list[int]:
    """Indices from as many classes as possible, always the same, ordered by class."""
    shuffled = np.random.default_rng(0).permutation(side)
    theirs = pd.Series(labels[shuffled])
    turn = theirs.groupby(theirs).cumcount().to_numpy()
    chosen = shuffled[np.argsort(turn, kind="stable")[:count]]
    return [int(index) for index in chosen[np.argsort(labels[chosen], kind="stable")]]


def _samples(batch: Tensor, data: Material, chosen: Sequence[int]) -> list[PreviewSample]:
    names = data.decoded.images.class_names
    rgb = colours(batch).permute(0, 2, 3, 1).numpy()
    return [
        PreviewSample(np.ascontiguousarray(picture), names[data.labels[index]])
        for picture, index in zip(rgb, chosen, strict=True)
    ]
