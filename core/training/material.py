"""The data of a training: opened, split, decoded, without unreadable images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data import corrections
from core.data.cache import Decoded
from core.data.division import divided
from core.data.image_set import ImageSet, Labels
from core.data.sources import catalogue
from core.data.splits import at_most, thinned
from core.data.trainable import refuse_untrainable
from core.errors import DataError
from core.training.settings.schema import Data


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A data set with its training and validation samples, all readable.

    ``emphasised`` (N,) are images that count more in training; None for no such images.
    """

    decoded: Decoded
    train: Labels
    val: Labels
    emphasised: NDArray[np.bool_] | None = None

    @property
    def labels(self) -> Labels:
        """The labels of all samples (N,), used or not."""
        return self.decoded.images.labels


def unvalidated_in_words(data: Material) -> str | None:
    """A sentence about classes that are trained on but have no validation image; None if there are none."""
    labels, names = data.labels, data.decoded.images.class_names
    missing = np.setdiff1d(labels[data.train], labels[data.val])
    if not len(missing):
        return None
    others = f", nor of {len(missing) - 1:,} others" if len(missing) > 1 else ""
    return (
        f"no validation image is of class {names[missing[0]]!r}{others}: measures on validation images and "
        "the choice of the best epoch leave them out; change seed, data.val or data.whole_groups"
    )


def open_training_data(
    settings: Data, folder: Path | None, layout: str = "", decisions: Path | None = None
) -> ImageSet:
    """The recipe's data set, or the images in a folder; DataError says what they lack to train a network.

    ``decisions`` is a file of `core.data.corrections`, which is applied.
    """
    images = catalogue.open_data(settings.source, folder, layout=layout)
    if decisions is not None:
        images = corrections.applied(images, decisions)
    refuse_untrainable(images, as_published=settings.split == "published")
    return images


def material(decoded: Decoded, settings: Data, seed: int) -> Material:
    """The samples to train on and to validate on.

    Raises:
        DataError: one of the two has no images.
    """
    split = divided(decoded.images, settings.division(seed))
    labels, ok = decoded.images.labels, decoded.survey.ok
    train, val = (side[ok[side]] for side in (split.train, split.val))
    train = fewer(train, labels, settings, seed)
    for name, side in (("training", train), ("validation", val)):
        if not len(side):
            raise DataError(f"no image of {decoded.images.name!r} is left for {name}; check data.val")
    return Material(decoded, train, val)


def fewer(train: Labels, labels: Labels, settings: Data, seed: int) -> Labels:
    """The training samples that the settings keep; ``labels`` (N,) are of all samples."""
    if settings.per_class:
        train = at_most(train, labels, settings.per_class, seed)
    return thinned(train, labels, settings.imbalance, seed) if settings.imbalance > 1 else train


def described(
    images: ImageSet, settings: Data, seed: int, material_: Material | None = None
) -> dict[str, object]:
    """The card's entry about the data."""
    known: dict[str, object] = {
        "source": images.name,
        "fingerprint": images.fingerprint,
        "images": len(images),
        "split": settings.split,
        "val_share": settings.val,
        "test_share": settings.test,
        "whole_groups": settings.whole_groups,
        "seed": seed,
    }
    if images.corrected is not None:
        changed = images.labels != images.corrected.given
        known["corrections"] = {
            "sha256": images.corrected.sha256,
            "relabelled": int(changed.sum()),
            "excluded": int(images.corrected.excluded.sum()),
        }
    if material_ is not None:
        skipped = np.flatnonzero(~material_.decoded.survey.ok)
        known |= {"train": len(material_.train), "val": len(material_.val), "skipped": len(skipped)}
    return known
