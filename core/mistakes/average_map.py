"""Where a network looks on the average of many images: always at one place, as a border or a watermark?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.drawing import render
from core.drawing.render import Picture
from core.errors import ImageError
from core.explain.network.layers import default_layer
from core.explanation import display
from core.explanation.answer import Map
from core.explanation.asking import explain, layers_of
from core.explanation.question import Question
from core.images.preprocess import Preprocess, colours

_DRAWN_SIDE, _TINY_SIDE = 448, 96


@dataclass(frozen=True, slots=True, eq=False)
class AverageMap:
    """The mean over ``count`` images so far; ``num_broken`` more could not be read and are not in it.

    Everything lies on the network's input, which is the same part of every image.

    ``signed`` (h, w) is the mean of the maps themselves, in logits where ``in_logits``: what each place adds
    to the score on average. Images with strong evidence weigh more, and for and against cancel.
    ``heat`` (h, w), in [0, 1], is the mean of the heat maps, each on its own scale: how often, and how much,
    a place is among those that speak for the class. Every image weighs the same; a place that always speaks
    most has 1.
    ``seen`` (H, W, 3) is the mean of what the network saw.

    ``agreement`` is the mean correlation of two heat maps of different images, over all pairs: 1 if all are
    alike, 0 on average if they have nothing to do with each other (for n images, give or take about 1 / n),
    at the least -1 / (n - 1), where they avoid each other. Photographers put things in the middle: then
    it is above 0 for an honest network too, and ``seen`` shows that. Maps that are the same everywhere have
    no correlation and are left out; None with fewer than two others.
    """

    count: int
    num_broken: int
    signed: FloatArray
    heat: FloatArray
    seen: Picture
    in_logits: bool
    agreement: float | None


@dataclass(frozen=True, slots=True, eq=False)
class AveragePictures:
    """RGB pictures of one size: what was seen, and the two mean maps over it."""

    seen: Picture
    heat: Picture
    signed: Picture


class RunningAverage:
    """Sums over the maps of one layer, fed one by one; as large as one map, however many there were."""

    def __init__(self) -> None:
        self.count = self.num_broken = self._num_with_shape = 0
        self._in_logits = True
        self._raw, self._evidence, self._heat, self._seen, self._directions = (np.zeros(()) for _ in range(5))

    def add(self, explained: Map, seen: Picture) -> None:
        """Add a map (h, w) and the input (H, W, 3) that it is of; all must have the same shapes."""
        if self.count and (explained.raw.shape != self._raw.shape or seen.shape != self._seen.shape):
            raise ValueError(
                f"a map {explained.raw.shape} of an input {seen.shape} after maps {self._raw.shape} "
                f"of inputs {self._seen.shape}"
            )
        heat = display.heat(explained.raw).astype(np.float64)
        centred = heat - heat.mean()
        length = float(np.linalg.norm(centred))
        # Of a map that is the same everywhere, rounding would else be taken for its shape.
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
        """The average so far; a ValueError before the first map."""
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
        """The squared length of a sum of n unit vectors is n and the products of all pairs, each twice."""
        num = self._num_with_shape
        return None if num < 2 else float(((self._directions**2).sum() - num) / (num * (num - 1)))


def average(
    checkpoint: Checkpoint, images: Iterable[Callable[[], Image.Image]], question: Question
) -> Iterator[AverageMap]:
    """The average map after every image, for as long as one asks; nothing before the first that can be read.

    Each of ``images`` is opened when its turn comes; where that raises ImageError it is counted as broken.
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
    running = RunningAverage()
    for opened in images:
        try:
            image = opened()
        except ImageError:
            running.skip()
        else:
            _add(running, checkpoint, image, question)
        if running.count:
            yield running.average()


def pictures(average: AverageMap) -> AveragePictures:
    """The average as pictures, 448 pixels along the longer side; a tiny input is drawn pixel by pixel.

    The heat map from 0 to 1, so that pale colours mean that the maps differ; the signed map on its own scale.
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


def _add(running: RunningAverage, checkpoint: Checkpoint, image: Image.Image, question: Question) -> None:
    preprocess = checkpoint.card.preprocess
    pixels = preprocess.pixels(image)
    (explanation,) = explain(checkpoint, preprocess.normalised(pixels[None]), question)[0]
    seen = colours(pixels).permute(1, 2, 0).numpy()
    running.add(next(iter(explanation.maps.values())), seen)
