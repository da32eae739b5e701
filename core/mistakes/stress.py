"""The stress test: an evaluation's samples made worse in steps, predicted again, and its JSON file."""

import json
import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.arrays import DoubleArray, IntArray
from core.checkpoints import store
from core.data.image_set import ImageSet
from core.errors import DataError
from core.evaluation.drift.stress import Degradation, Step, steps
from core.evaluation.metrics import column, distinct_names
from core.files.stored import Json
from core.images.degrading import KINDS, degraded
from core.mistakes import results
from core.passes.in_process import IN_PROCESS
from core.passes.running import Engine
from core.predictions import evaluations, seen_photos
from core.predictions.evaluating.samples import images_of
from core.predictions.evaluations import Evaluation
from core.predictions.seen_photos import OnProgress, SeenPhotos

VARIANTS = [
    Degradation(),
    *(Degradation(kind.name, value) for kind in KINDS.values() for value in kind.steps),
]
_AT_HAND = 16  # Decoded photos: each is read once for all its variants.


@dataclass(frozen=True, slots=True, eq=False)
class Stress:
    """Samples (N,) of an evaluation, the class predicted in each variant (N, V), and the steps."""

    evaluation: Evaluation
    class_names: tuple[str, ...]
    sample_ids: list[str]
    labels: IntArray
    predicted: IntArray
    confidence: DoubleArray
    steps: list[Step]


def worse(photo: Image.Image, sample_id: str, kind: str, value: float) -> Image.Image:
    """A sample's photo as it is at a step of the stress test; the noise is the same each time."""
    return degraded(photo, kind, value, seed=zlib.crc32(sample_id.encode()))


class _Worse:
    """Every variant of some images, the variants of one image in a row."""

    def __init__(self, images: ImageSet, indices: IntArray) -> None:
        self.images, self.indices = images, indices
        self._photo = lru_cache(_AT_HAND)(images.image)

    def __call__(self, place: int) -> Image.Image:
        """The image of one variant; raises as `ImageSet.image`."""
        row, number = divmod(place, len(VARIANTS))
        photo, variant = self._photo(int(self.indices[row])), VARIANTS[number]
        if not variant.kind:
            return photo
        return worse(photo, self.images.sample_ids[self.indices[row]], variant.kind, variant.value)

    def __reduce__(self) -> tuple[type["_Worse"], tuple[ImageSet, IntArray]]:
        """Other processes have a memory of their own."""
        return _Worse, (self.images, self.indices)


def report(
    folder: Path,
    evaluation: str | None = None,
    engine: Engine = IN_PROCESS,
    *,
    num_samples: int = 200,
    seed: int = 0,
    on_progress: OnProgress = lambda _progress: None,
) -> Stress:
    """The stress test of a checkpoint on samples drawn from an evaluation; without a name, from its first.

    Raises:
        EvaluationError: there is no evaluation, or none of that name.
        DataError: its images are missing.
    """
    found = evaluations.find(folder, evaluation)
    table, images = results.table_of(found), images_of(found)
    place = {name: index for index, name in enumerate(images.sample_ids)}
    ids = table["sample_id"].to_pylist()
    there = np.flatnonzero([name in place for name in ids])
    if not len(there):
        raise DataError(f"{images.name!r} on this machine has none of the samples of {found.name!r}")
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(there, min(num_samples, len(there)), replace=False))
    worse = _variants(images, np.array([place[ids[row]] for row in rows]))
    seen = seen_photos.of_photos(folder, worse, engine, on_progress=on_progress)
    names = tuple(distinct_names(store.read_card(folder).class_names))
    kept, predicted, confidence = _by_sample(seen, len(rows))
    labels = column(table, "label")[rows[kept]].astype(np.int64)
    return Stress(
        evaluation=found,
        class_names=names,
        sample_ids=[ids[row] for row in rows[kept]],
        labels=labels,
        predicted=predicted,
        confidence=confidence,
        steps=steps(labels, VARIANTS, predicted, len(names)),
    )


def json_of(stress: Stress) -> bytes:
    """The content of ``stress.json``.

    ``accuracy`` is of the photos as they are. ``kinds`` has for each kind its ``unit`` and, from mild to
    strong, its ``steps``: ``value``, ``accuracy`` with a 95% interval ``low`` to ``high``, accuracies
    ``per_class``, and ``flipped``, the samples that are right as they are and wrong at this step.
    """
    content = {
        "evaluation": stress.evaluation.name,
        "num_samples": len(stress.labels),
        "accuracy": stress.steps[0].accuracy,
        "kinds": {
            name: {
                "unit": kind.unit,
                "steps": [_step(stress, each) for each in stress.steps if each.variant.kind == name],
            }
            for name, kind in KINDS.items()
        },
    }
    return f"{json.dumps(content, indent=1, ensure_ascii=False)}\n".encode()


def weakest_classes(report: Json) -> list[str]:
    """The classes of a ``stress.json``, the one with the lowest mean accuracy over all steps first."""
    shares = [step["per_class"] for kind in report["kinds"].values() for step in kind["steps"]]
    return sorted(shares[0], key=lambda name: sum(each[name] for each in shares)) if shares else []


def _step(stress: Stress, step: Step) -> dict[str, Any]:
    shares = zip(stress.class_names, step.per_class.tolist(), strict=True)
    return {
        "value": step.variant.value,
        "accuracy": step.accuracy,
        "low": step.low,
        "high": step.high,
        "per_class": {name: share for name, share in shares if not math.isnan(share)},
        "flipped": [stress.sample_ids[row] for row in step.flipped.tolist()],
    }


def _variants(images: ImageSet, indices: IntArray) -> ImageSet:
    """The variants of these images, each as an image of its own."""
    number = len(indices) * len(VARIANTS)
    names = [str(place) for place in range(number)]
    return ImageSet("stress test", ("",), np.zeros(number, np.int64), names, _Worse(images, indices), "")


def _by_sample(seen: SeenPhotos, num_samples: int) -> tuple[IntArray, IntArray, DoubleArray]:
    """The samples that can be read (n,), and what is predicted in each variant, how surely: (n, V)."""
    places = np.array([int(name) for name in seen.sample_ids])
    predicted = np.full((num_samples, len(VARIANTS)), -1, np.int64)
    confidence = np.zeros(predicted.shape)
    predicted.flat[places], confidence.flat[places] = seen.seen.predicted, seen.seen.confidence
    kept = np.flatnonzero((predicted >= 0).all(1))
    return kept, predicted[kept], confidence[kept]
