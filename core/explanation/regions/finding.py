"""Both parts of a photo: searched on the network's input, then cut out of the photo itself and proved."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.explain.network.many_photos import logits_of_photos
from core.explain.smallest.parts import PartQuestion, SmallPart, flipping_part, sufficient_part
from core.explain.smallest.units import of_alike_colour, patches
from core.explanation.answer import Explanation
from core.explanation.quick_network import quick_network
from core.images.preprocess import Preprocess

_Pixels = NDArray[np.bool_]  # (H, W) of the photo.


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of a photo, and the photo that proves it.

    Attributes:
        image: the photo that the network was shown: the part alone, or the photo without it.
        share: of the photo's pixels, in [0, 1].
        start_share: the share before units that are not needed were left out.
        random_share: the share that the same units need in a random order, mean over some orders.
        logits: what the network says to ``image`` (C,).
        units: what the part is made of: ``patches`` or ``superpixels``.
        by: what made the order in which units were tried: ``map``, or ``effect`` of each unit alone.
    """

    image: Image.Image
    share: float
    start_share: float
    random_share: float
    logits: Tensor
    units: str
    by: str


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Both parts of a photo for one class, each None where there is none; ``seconds`` for both."""

    class_idx: int
    logits: Tensor
    sufficient: Region | None
    flipping: Region | None
    seconds: float


def regions(
    checkpoint: Checkpoint, photo: Image.Image, explanation: Explanation, kept: float = 0.9
) -> Regions:
    """Both parts of an upright photo, for the class and by the map of its explanation.

    Hidden pixels have the mean colour that preprocessing subtracts. A part suffices where the class comes
    first and keeps at least ``kept`` of its probability. Only the class that is predicted can flip.
    """
    started, class_idx = time.perf_counter(), explanation.class_idx
    plain = Image.new("RGB", photo.size, hidden_colour(checkpoint.card.preprocess))
    batch, absent = (_input(checkpoint, image) for image in (photo, plain))
    whole = float(explanation.logits.double().softmax(0)[class_idx])
    question = PartQuestion(batch, absent, class_idx, whole, kept)
    raw = torch.from_numpy(next(iter(explanation.maps.values())).raw.copy())
    rows, columns = batch.shape[2:]
    kinds = (patches((raw.shape[0], raw.shape[1]), (rows, columns)), of_alike_colour(batch[0]))
    network, sufficient, flipping = quick_network(checkpoint), None, None
    part = sufficient_part(network, question, raw, kinds)
    if part is not None:
        sufficient = _region(_Cut(checkpoint, photo, plain, question.sufficient), part)
    if int(explanation.logits.argmax()) == class_idx:
        part = flipping_part(network, question, raw, kinds)
        flipping = None if part is None else _region(_Cut(checkpoint, plain, photo, question.flipped), part)
    return Regions(class_idx, explanation.logits, sufficient, flipping, time.perf_counter() - started)


def hidden_colour(preprocess: Preprocess) -> tuple[int, int, int]:
    """The colour of hidden pixels, 0 to 255: the mean that is subtracted, or mid-grey."""
    values = zip(preprocess.mean_colour, preprocess.std, preprocess.mean, strict=True)
    levels = [round(255 * (value * deviation + mean)) for value, deviation, mean in values]
    red, green, blue = (levels * 3)[:3]
    return red, green, blue


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """What is shown inside and outside of a part, and the margins (N,) of logits: it holds from 0 on."""

    checkpoint: Checkpoint
    inner: Image.Image
    outer: Image.Image
    margins: Callable[[Tensor], Tensor]

    def image(self, inside: _Pixels) -> Image.Image:
        return Image.fromarray(np.where(inside[:, :, None], np.asarray(self.inner), np.asarray(self.outer)))

    def logits(self, image: Image.Image) -> Tensor:
        """Logits (1, C) of the network itself, rather than of its folded copy."""
        batch = _input(self.checkpoint, image)
        return logits_of_photos(self.checkpoint.model, [batch], batch.device)

    def on_photo(self, part: SmallPart, chosen: Tensor) -> _Pixels:
        """The photo's pixels of chosen units; none outside of what the network sees."""
        width, height = self.inner.size
        window = self.checkpoint.card.preprocess.window(self.inner.size)
        num_rows, num_columns = part.units.labels.shape
        rows, in_rows = _places(height, window.top, window.bottom, num_rows)
        columns, in_columns = _places(width, window.left, window.right, num_columns)
        inside = part.units.pixels(chosen[None])[0, 0].numpy()[np.ix_(rows, columns)]
        return np.asarray(inside & in_rows[:, None] & in_columns)


def _region(cut: _Cut, part: SmallPart) -> Region | None:
    """The part on the photo itself, with more units if it does not hold there; None if it never does."""
    spare = [unit for unit in part.order.tolist() if not part.chosen[unit]]
    chosen, more = part.chosen.clone(), 1
    while True:
        inside = cut.on_photo(part, chosen)
        image = cut.image(inside)
        logits = cut.logits(image)
        if float(cut.margins(logits)[0]) >= 0:
            break
        if not spare:
            return None
        chosen[spare[:more]] = True
        spare, more = spare[more:], 2 * more
    start, *at_random = (float(cut.on_photo(part, each).mean()) for each in (part.start, *part.random))
    return Region(
        image=image,
        share=float(inside.mean()),
        start_share=start,
        random_share=sum(at_random) / len(at_random),
        logits=logits[0],
        units=part.units.kind,
        by=part.by,
    )


def _input(checkpoint: Checkpoint, image: Image.Image) -> Tensor:
    batch = checkpoint.card.preprocess.batch([image])
    return batch.to(checkpoint.device, next(checkpoint.model.parameters()).dtype)


def _places(pixels: int, start: float, end: float, cells: int) -> tuple[NDArray[np.intp], _Pixels]:
    """Of each pixel, the cell of [start, end) in which its centre lies, and whether it lies in any."""
    positions = (np.arange(pixels) + 0.5 - start) / (end - start) * cells
    return positions.astype(np.intp).clip(0, cells - 1), (positions >= 0) & (positions < cells)
