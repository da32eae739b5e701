"""The data of a training: opened, split, decoded, and cleared of what cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.cache import Decoded
from core.data.image_set import ImageSet, Labels
from core.data.sources import catalogue
from core.data.splits import Split, at_most, published_split, random_split
from core.data.trainable import refuse_untrainable
from core.errors import DataError
from core.training.recipe import Data

_USUAL_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A data set and the samples on each side, all of them readable."""

    decoded: Decoded
    train: Labels
    val: Labels

    @property
    def labels(self) -> Labels:
        """Of all samples (N,), whether used or not."""
        return self.decoded.images.labels


def open_data(settings: Data, folder: Path | None, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The recipe's data set, or whatever layout of images is recognised in the folder that somebody named.

    For ``layout`` and ``known`` see `core.data.sources.folder.layout.understand`.
    """
    if folder is None:
        return catalogue.load(settings.source)
    source = catalogue.SOURCES.get(settings.source)
    is_there = source and not source.is_embedded and catalogue.find(settings.source, folder)
    if is_there and not layout:
        return catalogue.load(settings.source, folder, known=known)
    return catalogue.open_folder(folder, layout=layout, known=known)


def open_training_data(settings: Data, folder: Path | None, layout: str = "") -> ImageSet:
    """`open_data`, of which a network can be trained; DataError says what it lacks."""
    images = open_data(settings, folder, layout)
    refuse_untrainable(images, as_published=settings.split == "published")
    return images


def sides(images: ImageSet, settings: Data, seed: int) -> Split:
    """Training, validation and test samples as the recipe splits them."""
    is_published = settings.split == "published" and images.published is not None
    share = settings.val if settings.val or is_published else _USUAL_SHARE
    divide = published_split if is_published else random_split
    return divide(images, val_share=share, seed=seed)


def material(decoded: Decoded, settings: Data, seed: int) -> Material:
    """What is learned from and validated on.

    Raises:
        DataError: nothing is left on one of the sides.
    """
    split = sides(decoded.images, settings, seed)
    labels, ok = decoded.images.labels, decoded.survey.ok
    train, val = (side[ok[side]] for side in (split.train, split.val))
    if settings.per_class:
        train = at_most(train, labels, settings.per_class, seed)
    for name, side in (("training", train), ("validation", val)):
        if not len(side):
            raise DataError(f"no image of {decoded.images.name!r} is left for {name}; check data.val")
    return Material(decoded, train, val)


def described(
    images: ImageSet, settings: Data, seed: int, material_: Material | None = None
) -> dict[str, object]:
    """What a card says of the data."""
    known: dict[str, object] = {
        "source": images.name,
        "fingerprint": images.fingerprint,
        "images": len(images),
        "split": settings.split,
        "seed": seed,
    }
    if material_ is not None:
        skipped = np.flatnonzero(~material_.decoded.survey.ok)
        known |= {"train": len(material_.train), "val": len(material_.val), "skipped": len(skipped)}
    return known
