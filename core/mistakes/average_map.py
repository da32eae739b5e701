"""The average map over many images: does the network always look at one place, as a border or watermark?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.drawing import render
from core.drawing.render import Picture
from core.errors import CoreError, ImageError
from core.explain.network.layers import default_layer
from core.explanation import display
from core.explanation.answer import Map
from core.explanation.asking import layers_of
from core.explanation.photo_series import Explained, explain_each
from core.explanation.question import Question
from core.images.preprocess import Preprocess, colours
from core.passes.progress import Meter, PassProgress

_DRAWN_SIDE, _TINY_SIDE = 448, 96


@dataclass(frozen=True, slots=True, eq=False)
class AverageMap:
    """The mean over ``count`` images; ``num_broken`` others could not be read.

    All arrays are on the network's input, which is the same part of every image.

    ``signed`` (h, w) is the mean of the maps, in logits if ``in_logits``: the mean contribution of each place
    to the score. Images with strong evidence weigh more, and evidence for and against cancels.
    ``heat`` (h, w), in [0, 1], is the mean of the heat maps, each on its own scale. Every image has the same
    weight; a place that is the strongest in every image has 1.
    ``seen`` (H, W, 3) is the mean of the network's inputs.

    ``agreement`` is the mean correlation between the heat maps of two images, over all pairs: 1 if all maps
    are equal, about 0 if they are unrelated (for n images, within about 1 / n), at least -1 / (n - 1). If
    objects are usually centred, it is above 0 for a sound network too, and ``seen`` shows that. Constant maps
    have no correlation and are left out; None with fewer than two others.
    """

    count: int
    num_broken: int
    signed: FloatArray
    heat: FloatArray
    seen: Picture
    in_logits: bool
    agreement: float | None


@dataclass(frozen=True, slots=True, eq=False)
class AverageSoFar:
    """The progress, and the average over the images that are done; None before the first readable one."""

    progress: PassProgress
    average: AverageMap | None


@dataclass(frozen=True, slots=True, eq=False)
class AveragePictures:
    """RGB pictures of one size: the mean input, and both mean maps over it."""

    seen: Picture
    heat: Picture
    signed: Picture


class RunningAverage:
    """Sums over the maps of one layer, added one by one; needs the memory of a few maps."""

    def __init__(self) -> None:
        self.count = self.num_broken = self._num_with_shape = 0
        self._in_logits = True
        self._raw, self._evidence, self._heat, self._seen, self._directions = (np.zeros(()) for _ in range(5))

    def add(self, explained: Map, seen: Picture) -> None:
        """Add a map (h, w) and its input (H, W, 3); ValueError if the shapes differ from those before."""
        if self.count and (explained.raw.shape != self._raw.shape or seen.shape != self._seen.shape):
            raise ValueError(
                f"a map {explained.raw.shape} of an input {seen.shape} after maps {self._raw.shape} "
                f"of inputs {self._seen.shape}"
            )
        heat = display.heat(explained.raw).astype(np.float64)
        centred = heat - heat.mean()
        length = float(np.linalg.norm(centred))
        # In a constant map, only rounding errors would remain.
        if length > 1e-6 * heat.size:
            self._num_with_shape += 1
            self._directions = self._directions + centred / length
        self.count += 1
        self._raw, self._heat, self._seen = self._raw + explained.raw, self._heat + heat, self._seen + seen
        self._in_logits &= explained.evidence is not None
        if explained.evidence is not None and self._in_logits:
            self._evidence = self._evidence + explained.evidence

    def skip(self) -> None:
        """Count an image that could not be read."""
        self.num_broken += 1

    def average(self) -> AverageMap:
        """The average so far; ValueError before the first map."""
        if not self.count:
            raise ValueError("there is no average of no maps")
        signed = self._evidence if self._in_logits else self._raw
        return AverageMap(
            self.count,
            self.num_broken,
            (signed / self.count).astype(np.float32),
            (self._heat / self.count).astype(np.float32),
            (self._seen / self.count).round().astype(np.uint8),
            self._in_logits,
            self._agreement(),
        )

    def _agreement(self) -> float | None:
        """From the squared length of the sum of n unit vectors: n, plus twice the products of all pairs."""
        num = self._num_with_shape
        return None if num < 2 else float(((self._directions**2).sum() - num) / (num * (num - 1)))


def average(
    checkpoint: Checkpoint, images: Sequence[Callable[[], Image.Image]], question: Question
) -> Iterator[AverageSoFar]:
    """The average map after every image.

    Each of ``images`` opens an image when it is needed; an ImageError counts it as broken.
    ``question`` has one score and at most one layer; without a class, each image is explained for its own
    prediction.

    Raises:
        LayerError: the layer is not there, or the method does not fit it.
    """
    if len(question.target_layers) > 1:
        raise ValueError(f"{len(question.target_layers)} layers, expected one: their maps differ in size")
    if len(question.scores) > 1:
        raise ValueError(f"{len(question.scores)} scores, expected one: an average is of one score")
    if question.needs_layer and not question.target_layers:
        question = replace(question, target_layers=(default_layer(layers_of(checkpoint)),))
    running, meter = RunningAverage(), Meter(0, len(images))
    for each in explain_each(checkpoint, images, question):
        _add(running, each)
        yield AverageSoFar(meter.after(1), running.average() if running.count else None)


def pictures(average: AverageMap) -> AveragePictures:
    """The average as pictures, 448 pixels on the longer side; a tiny input keeps visible pixels.

    The heat map is drawn from 0 to 1, so pale colours mean that maps differ; the signed map has its own
    scale.
    """
    height, width = average.seen.shape[:2]
    factor = _DRAWN_SIDE / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    is_tiny = max(height, width) <= _TINY_SIDE
    filter_ = Image.Resampling.NEAREST if is_tiny else Image.Resampling.BILINEAR
    seen = np.asarray(Image.fromarray(average.seen).resize(size, filter_))
    whole = Preprocess((height, width), None, (0.5,), (0.5,))

    def over(values: FloatArray, colormap: str) -> Picture:
        return render.overlay(seen, whole.on_image(values, (width, height), size), colormap)

    signed = display.balance(average.signed, display.peak(average.signed))
    return AveragePictures(seen, over(average.heat, "inferno"), over(signed, render.SIGNED))


def _add(running: RunningAverage, explained: Explained | CoreError) -> None:
    """Add a map or count a broken image; any other error is raised."""
    if isinstance(explained, ImageError):
        running.skip()
        return
    if isinstance(explained, CoreError):
        raise explained
    seen = colours(explained.opened.pixels).permute(1, 2, 0).numpy()
    running.add(next(iter(explained.explanations[0].maps.values())), seen)
