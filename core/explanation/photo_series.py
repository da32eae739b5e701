"""Any number of photos, explained a few at a time: answers in order, and each error with its own photo."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.errors import CoreError
from core.explanation.answer import Explanation
from core.explanation.asking import explain, images_at_once
from core.explanation.question import Question
from core.images import MAX_PIXELS
from core.images.preprocess import Preprocess

Opener = Callable[[], Image.Image]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """An upright image, and the pixels of it that the network sees, uint8 (channels, H, W)."""

    image: Image.Image
    pixels: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A photo and an explanation for each score."""

    opened: Opened
    explanations: tuple[Explanation, ...]


def explain_each(
    checkpoint: Checkpoint, photos: Iterable[Opener], question: Question
) -> Iterator[Explained | CoreError]:
    """For each photo, in order, its explanations or the error that it met.

    Photos share forward passes: as many as suit the device, fewer if they are large. Each opener is called
    when the pass of its photo is due. If a pass fails, its photos are explained one by one.
    """
    preprocess, at_once = checkpoint.card.preprocess, images_at_once(checkpoint.device)
    for group in _groups((_opened(photo, preprocess) for photo in photos), at_once):
        answers = _answers(checkpoint, [each for each in group if isinstance(each, Opened)], question)
        for each in group:
            yield next(answers) if isinstance(each, Opened) else each


def or_raise(explained: Explained | CoreError) -> Explained:
    """What was explained; raises the error that the photo met."""
    if isinstance(explained, CoreError):
        raise explained
    return explained


def _opened(photo: Opener, preprocess: Preprocess) -> Opened | CoreError:
    try:
        image = photo()
        return Opened(image, preprocess.pixels(image))
    except CoreError as error:
        return error


def _groups(photos: Iterable[Opened | CoreError], at_once: int) -> Iterator[list[Opened | CoreError]]:
    """Up to ``at_once`` photos with at most about the pixels of one upload, as all are kept in memory."""
    group: list[Opened | CoreError] = []
    num_pixels = 0
    for each in photos:
        group.append(each)
        num_pixels += each.image.width * each.image.height if isinstance(each, Opened) else 0
        if len(group) == at_once or num_pixels >= MAX_PIXELS:
            yield group
            group, num_pixels = [], 0
    if group:
        yield group


def _answers(
    checkpoint: Checkpoint, photos: list[Opened], question: Question
) -> Iterator[Explained | CoreError]:
    """An answer for each photo: from one pass, or from passes of their own if that one fails."""
    if not photos:
        return
    batch = checkpoint.card.preprocess.normalised(torch.stack([each.pixels for each in photos]))
    try:
        explained = explain(checkpoint, batch, question)
    except CoreError as error:
        if len(photos) == 1:
            yield error
            return
        for each in photos:
            yield from _answers(checkpoint, [each], question)
        return
    for each, explanations in zip(photos, explained, strict=True):
        yield Explained(each, explanations)
