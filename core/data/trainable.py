"""Checks that a network can be trained on a data set: two classes, each with training images."""

import numpy as np

from core.data.image_set import ImageSet
from core.errors import DataError

_LAYOUT = "expected ROOT/CLASS/IMAGE or ROOT/train/CLASS/IMAGE"


def refuse_untrainable(images: ImageSet, *, as_published: bool = True) -> None:
    """Raise DataError if no network can be trained on these images; evaluation needs less.

    With ``as_published``, the publisher's split is used if it has a training part.

    Raises:
        DataError: there is one class, a class folder is empty, or a class has no image to train on.
    """
    place, names = repr(str(images.root or images.name)), images.class_names
    if len(names) < 2:
        raise DataError(
            f"{place} has the class folder {names[0]!r} only; {_LAYOUT}, with two classes or more to train"
        )
    if images.empty:
        listed = ", ".join(map(repr, images.empty[:5]))
        raise DataError(f"{place} has class folders without an image: {listed}; fill or remove them to train")
    if images.published is None or not as_published:
        return
    trained = np.unique(images.labels[images.published == "train"])
    others = np.setdiff1d(images.labels, trained)
    if len(trained) and len(others):
        part = str(images.published[images.labels == others[0]][0])
        raise DataError(f"{place} has the class {names[others[0]]!r} in {part} but not in train; {_LAYOUT}")
