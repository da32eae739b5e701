"""The cards of a report: each sample with the maps of its predicted and its true class."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from core.checkpoints.store import Checkpoint
from core.drawing.render import Picture
from core.errors import ImageError
from core.evaluation.selection import Sample
from core.explain.network.layers import default_layer
from core.explanation.asking import explain, layers_of
from core.explanation.question import Question, Score
from core.mistakes.report.document import SampleCard, card
from core.mistakes.sample_images import SampleImages
from core.mistakes.why_wrong import pictures, rival_of, sides

_SIDE, _TINY = 320, 96


def cards(
    checkpoint: Checkpoint, class_names: Sequence[str], samples: Sequence[Sample], images: SampleImages | None
) -> Iterator[SampleCard]:
    """A card for each sample, with Grad-CAM at the last layer; without pictures it says why."""
    layer = default_layer(layers_of(checkpoint)) if images else ""
    for sample in samples:
        if images is None:
            yield SampleCard(sample, note="The images were not on the machine that wrote this report.")
            continue
        try:
            image = images.image_of(sample)
        except ImageError as error:
            yield SampleCard(sample, note=f"{error}.")
            continue
        yield _explained(checkpoint, class_names, sample, image, layer)


def _explained(
    checkpoint: Checkpoint, class_names: Sequence[str], sample: Sample, image: Image.Image, layer: str
) -> SampleCard:
    rival = rival_of(sample.label, sample.predicted, [class_idx for class_idx, _ in sample.top5])
    # With a single class there is no rival: the class is its own rival, and the difference is zero.
    both = (sample.predicted, sample.predicted if rival is None else rival)
    batch = checkpoint.card.preprocess.batch([image])
    question = Question(target_layers=(layer,), scores=tuple(map(Score, both)))
    first, second = (each.maps[layer] for each in explain(checkpoint, batch, question)[0])
    both_maps, photo = sides(first, second), _drawn(image)
    drawn = pictures(photo, checkpoint.card.preprocess, image.size, both_maps)
    names = (class_names[both[0]], class_names[both[1]])
    return card(sample, names, photo, sides=both_maps, drawn=drawn)


def _drawn(image: Image.Image) -> Picture:
    """The image at 320 pixels on the longer side; tiny images with visible pixels."""
    factor = _SIDE / max(image.size)
    width, height = (max(1, round(side * factor)) for side in image.size)
    is_tiny = max(image.size) <= _TINY
    filter_ = Image.Resampling.NEAREST if is_tiny else Image.Resampling.BILINEAR
    return np.asarray(image.resize((width, height), filter_))
