"""Evidence for the predicted class and for its rival: two maps and their difference, on one colour scale."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.arrays import FloatArray
from core.drawing import render
from core.drawing.render import Picture
from core.explanation import display
from core.explanation.answer import Map
from core.images.preprocess import Preprocess


@dataclass(frozen=True, slots=True)
class Sum:
    """How a logit adds up: ``cells`` + ``bias`` = ``score``, up to rounding."""

    cells: float
    bias: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Maps (h, w) of the predicted class and of its rival, in logits if both have a sum, else raw."""

    predicted: FloatArray
    rival: FloatArray
    predicted_sum: Sum | None = None
    rival_sum: Sum | None = None

    @property
    def difference(self) -> FloatArray:
        """The difference of the maps (h, w): positive where the evidence favours the predicted class."""
        return self.predicted - self.rival

    @property
    def difference_sum(self) -> Sum | None:
        """How the difference of the logits adds up; None if the maps are not in logits."""
        first, second = self.predicted_sum, self.rival_sum
        if first is None or second is None:
            return None
        return Sum(first.cells - second.cells, first.bias - second.bias, first.score - second.score)

    @property
    def in_logits(self) -> bool:
        """Whether all three maps are in logits."""
        return self.difference_sum is not None

    @property
    def top(self) -> float:
        """The magnitude at which the common colour scale of all three maps ends."""
        return max(map(display.peak, (self.predicted, self.rival, self.difference)))


@dataclass(frozen=True, slots=True, eq=False)
class EvidencePictures:
    """Each of the three maps over an image (H, W, 3), all on the same colour scale."""

    predicted: Picture
    rival: Picture
    difference: Picture


def sides(predicted: Map, rival: Map) -> Sides:
    """Two maps of one layer, image and method; in logits if both have evidence.

    Their difference is the map of the logits' difference if the method is linear in the class: CAM, Grad-CAM,
    HiResCAM and XGrad-CAM are linear, Grad-CAM++ and LayerCAM are not.
    """
    if predicted.raw.shape != rival.raw.shape:
        raise ValueError(f"maps of {predicted.raw.shape} and {rival.raw.shape} cells, expected one layer's")
    if predicted.evidence is None or rival.evidence is None:
        return Sides(predicted.raw, rival.raw)
    return Sides(predicted.evidence, rival.evidence, _sum(predicted), _sum(rival))


def rival_of(label: int, predicted: int, top5: Iterable[int]) -> int | None:
    """The true class if the prediction is wrong, else the runner-up; None if there is only one class."""
    if label != predicted:
        return label
    return next((int(class_idx) for class_idx in top5 if class_idx != predicted), None)


def pictures(image: Picture, preprocess: Preprocess, size: tuple[int, int], sides: Sides) -> EvidencePictures:
    """The three maps over ``image`` (H, W, 3): red for, blue against, the unseen margin hatched.

    ``size`` (width, height) is that of the original; ``image`` may be larger or smaller.
    """
    maps = (sides.predicted, sides.rival, sides.difference)
    return EvidencePictures(*(over(image, preprocess, size, values, sides.top) for values in maps))


def over(
    image: Picture, preprocess: Preprocess, size: tuple[int, int], values: FloatArray, top: float
) -> Picture:
    """One map (h, w) over ``image``, as in `pictures`; its colours end at ``top``."""
    spread = preprocess.on_image(display.balance(values, top), size, (image.shape[1], image.shape[0]))
    return render.overlay(image, spread, render.SIGNED, 0.8)


def _sum(explained: Map) -> Sum:
    return Sum(explained.speaks_for + explained.speaks_against, explained.bias, explained.score)
