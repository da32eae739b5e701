"""Where a network's maps lie: the share of their heat on the objects, for data whose objects have masks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.explain.network.layers import default_layer
from core.explain.trust.localisation import localisation
from core.explanation.asking import layers_of
from core.explanation.photo_series import Explained, explain_each
from core.explanation.question import Question

MOST_IMAGES = 100


@dataclass(frozen=True, slots=True)
class HeatOnObjects:
    """Means over ``num_images``: the share of a map's heat on the object, and of the photo that it covers."""

    energy: float
    area: float
    num_images: int


def heat_on_objects(folder: Path, images: ImageSet, indices: Sequence[int]) -> HeatOnObjects | None:
    """Grad-CAM of the predicted class at the last convolutional layer, for at most 100 of the images.

    The energy of Wang 2020 (arXiv:1910.01279). None where the data set brings no masks.
    """
    mask_of = images.mask
    if mask_of is None or not len(indices):
        return None
    few = [int(index) for index in indices[:MOST_IMAGES]]
    loaded = store.load(folder)
    layer = default_layer(layers_of(loaded))
    photos = [partial(images.image, index) for index in few]
    answers = explain_each(loaded, photos, Question(target_layers=(layer,)))
    found = [
        localisation(_on_photo(loaded, each), mask_of(index))
        for index, each in zip(few, answers, strict=True)
        if isinstance(each, Explained)
    ]
    if not found:
        return None
    energy, area = np.mean([(each.overlap.energy, each.area) for each in found], axis=0)
    return HeatOnObjects(float(energy), float(area), len(found))


def _on_photo(loaded: Checkpoint, explained: Explained) -> np.ndarray:
    (shown,) = explained.explanations[0].maps.values()
    return loaded.card.preprocess.on_image(shown.raw.clip(min=0), explained.opened.image.size)
