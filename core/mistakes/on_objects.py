"""Where a network's maps lie: the share of their heat on the objects, for data whose objects have masks."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.arrays import DoubleArray
from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.object_masks import have_masks, mask_of_image
from core.data.sources.masks import Mask, mask_of
from core.errors import CoreError, DataError
from core.evaluation.metrics import is_right
from core.explain.network.layers import default_layer
from core.explanation.asking import layers_of
from core.explanation.photo_series import Explained, explain_each
from core.explanation.question import Question
from core.mistakes import results
from core.passes.progress import Meter, PassProgress
from core.predictions import properties
from core.predictions.evaluating.samples import images_of
from core.predictions.evaluations import Evaluation

MOST_IMAGES = 100
SIZE, HEAT = properties.OBJECTS
MaskOf = Callable[[ImageSet, int, tuple[int, int]], Mask | None]


@dataclass(frozen=True, slots=True)
class HeatOnObjects:
    """Means over ``num_images``: the share of a map's heat on the object, and of the photo that it covers."""

    energy: float
    area: float
    num_images: int


@dataclass(frozen=True, slots=True, eq=False)
class ObjectsOfSamples:
    """For each sample (N,): the object's share of the photo, and the share of the heat on it.

    Both are NaN without a mask. ``right`` (N,) are the samples that are predicted right.
    """

    size: DoubleArray
    heat: DoubleArray
    right: np.typing.NDArray[np.bool_]

    @property
    def num_marked(self) -> int:
        """The number of samples with a mask."""
        return int(np.isfinite(self.heat).sum())

    @property
    def heat_where_right(self) -> float:
        """The mean share of the heat on the object, where the prediction is right; NaN for no sample."""
        return _mean(self.heat[self.right])

    @property
    def heat_where_wrong(self) -> float:
        """The same where the prediction is wrong."""
        return _mean(self.heat[~self.right])


def heat_on_objects(folder: Path, images: ImageSet, indices: Sequence[int]) -> HeatOnObjects | None:
    """The means for at most 100 of the images, as in `of_samples`; None where there are no masks."""
    if not len(indices) or not have_masks(images):
        return None
    few = [int(index) for index in indices[:MOST_IMAGES]]
    found = [each for each in _heats(store.load(folder), images, few, _undamaged) if each is not None]
    if not found:
        return None
    energy, area = np.mean(found, axis=0)
    return HeatOnObjects(float(energy), float(area), len(found))


def of_samples(
    evaluation: Evaluation,
    masks: Path | None = None,
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> ObjectsOfSamples:
    """Objects and heat for every sample of an evaluation; ``masks`` is a folder of masks as in `mask_of`.

    Grad-CAM of the predicted class at the last convolutional layer; the energy of Wang 2020
    (arXiv:1910.01279).

    Raises:
        DataError: the images are missing, or none has a mask.
    """
    table, images = results.table_of(evaluation), images_of(evaluation)
    place = {name: index for index, name in enumerate(images.sample_ids)}
    ids = table["sample_id"].to_pylist()
    rows = [row for row, name in enumerate(ids) if name in place]
    size, heat = np.full((2, len(ids)), np.nan)
    meter = Meter(0, len(rows))
    measured = _heats(
        store.load(evaluation.of),
        images,
        [place[ids[row]] for row in rows],
        mask_of_image if masks is None else partial(_from_folder, masks),
    )
    for row, each in zip(rows, measured, strict=True):
        heat[row], size[row] = (np.nan, np.nan) if each is None else each
        on_progress(meter.after(1))
    found = ObjectsOfSamples(size, heat, is_right(table))
    if not found.num_marked:
        where = images.name if masks is None else str(masks)
        raise DataError(f"{where!r} has no mask for any sample of {evaluation.name!r}")
    return found


def keep(evaluation: Evaluation, objects: ObjectsOfSamples) -> None:
    """Keep both among the properties of the samples, for groups and for the colours of the map."""
    properties.add(evaluation, {SIZE: objects.size, HEAT: objects.heat})


def json_of(evaluation: Evaluation, objects: ObjectsOfSamples) -> bytes:
    """The content of ``objects.json``: the numbers of `ObjectsOfSamples` as means, null where undefined."""
    means = {
        "object_size": _mean(objects.size),
        "heat_on_object": _mean(objects.heat),
        "heat_where_right": objects.heat_where_right,
        "heat_where_wrong": objects.heat_where_wrong,
    }
    content = {"evaluation": evaluation.name, "num_images": objects.num_marked} | {
        name: value if np.isfinite(value) else None for name, value in means.items()
    }
    return f"{json.dumps(content, indent=1, ensure_ascii=False)}\n".encode()


def _mean(values: DoubleArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _undamaged(images: ImageSet, index: int, size: tuple[int, int]) -> Mask | None:
    """The mask that the data set brings; a damaged one, which was not asked for, counts as none."""
    with suppress(CoreError):
        return mask_of_image(images, index, size)
    return None


def _from_folder(folder: Path, images: ImageSet, index: int, size: tuple[int, int]) -> Mask | None:
    photo = images.path(index)
    return None if photo is None else mask_of(photo, size, folder)


def _heats(
    loaded: Checkpoint, images: ImageSet, indices: Sequence[int], mask: MaskOf
) -> Iterator[tuple[float, float] | None]:
    """For each image the share of the heat on the object, and the object's of the photo; None without."""
    layer = default_layer(layers_of(loaded))
    photos = [partial(images.image, index) for index in indices]
    answers = explain_each(loaded, photos, Question(target_layers=(layer,)))
    for index, each in zip(indices, answers, strict=True):
        yield _share(loaded, images, index, each, mask) if isinstance(each, Explained) else None


def _share(
    loaded: Checkpoint, images: ImageSet, index: int, explained: Explained, mask: MaskOf
) -> tuple[float, float] | None:
    photo = explained.opened.image
    known = mask(images, index, photo.size)
    if known is None:
        return None
    (shown,) = explained.explanations[0].maps.values()
    heat = loaded.card.preprocess.on_image(shown.raw.clip(min=0), photo.size)
    seen = ~np.isnan(heat) & known.sure
    if not (seen & known.inside).any():
        return None
    inside, total = known.inside[seen], float(heat[seen].sum())
    # A map without heat is as good as a uniform one.
    area = float(inside.mean())
    return (float(heat[seen][inside].sum()) / total if total else area), area
