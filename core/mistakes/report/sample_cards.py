"""Samples as a report shows them: each with the maps of the class it was taken for and of the true one."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.drawing.render import Picture
from core.errors import ImageError
from core.evaluation.selection import Sample
from core.explanation.explanation import Map, Question, explain
from core.mistakes.report.document import SampleCard, card
from core.mistakes.sample_images import SampleImages
from core.mistakes.why_wrong import pictures, rival_of, sides

_SIDE, _TINY = 320, 96


def cards(
    checkpoint: Checkpoint, class_names: Sequence[str], samples: Sequence[Sample], images: SampleImages | None
) -> Iterator[SampleCard]:
    """A card for each sample, with Grad-CAM at the last layer; without pictures it says why."""
    for sample in samples:
        if images is None:
            yield SampleCard(sample, note="The images were not on the machine that wrote this report.")
            continue
        try:
            image = images.image_of(sample)
        except ImageError as error:
            yield SampleCard(sample, note=f"{error}.")
            continue
        yield _explained(checkpoint, class_names, sample, image)


def _explained(
    checkpoint: Checkpoint, class_names: Sequence[str], sample: Sample, image: Image.Image
) -> SampleCard:
    rival = rival_of(sample.label, sample.predicted, [class_idx for class_idx, _ in sample.top5])
    # With a single class there is no rival: the class is its own, and the difference zero.
    both = (sample.predicted, sample.predicted if rival is None else rival)
    batch = checkpoint.card.preprocess.batch([image])
    first, second = (_map(checkpoint, batch, class_idx) for class_idx in both)
    found, photo = sides(first, second), _drawn(image)
    drawn = pictures(photo, checkpoint.card.preprocess, image.size, found)
    names = (class_names[both[0]], class_names[both[1]])
    return card(sample, names, photo, sides=found, drawn=drawn)


def _map(checkpoint: Checkpoint, batch: Tensor, class_idx: int) -> Map:
    answer = explain(checkpoint, batch, Question(class_idx=class_idx))[0]
    return next(iter(answer.maps.values()))


def _drawn(image: Image.Image) -> Picture:
    """At 320 pixels on the longer side; tiny images pixel by pixel."""
    factor = _SIDE / max(image.size)
    width, height = (max(1, round(side * factor)) for side in image.size)
    is_tiny = max(image.size) <= _TINY
    filter_ = Image.Resampling.NEAREST if is_tiny else Image.Resampling.BILINEAR
    return np.asarray(image.resize((width, height), filter_))
