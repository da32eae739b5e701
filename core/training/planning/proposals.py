"""Settings that fit the memory and the images better, with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.data.sources.boxes import ObjectBox
from core.images.preprocess import Preprocess
from core.shares import whole_percent
from core.training.planning.objects import SMALLEST, object_sizes
from core.training.planning.step_memory import StepMemory
from core.training.settings.recipe import Recipe

_USABLE = 0.8  # Of the memory: libraries need some of it.
_FEW = 0.05  # Of the objects may be too small.
_STEP, _LARGEST = 32, 512  # Pixels: sizes that are proposed.
_SMALLER = 0.75  # Of the input's side: images below this are enlarged a lot.


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings to change, as ``key=value``, and why; none if the reason is all that there is to say."""

    reason: str
    changes: tuple[str, ...]


def proposals(
    recipe: Recipe,
    preprocess: Preprocess,
    *,
    memory: StepMemory,
    num_bytes: int,
    boxes: Sequence[ObjectBox],
    median_side: float,
) -> list[Proposal]:
    """What to change for ``num_bytes`` of memory, for objects in ``boxes``, and for images of this size.

    ``median_side`` is the median of the shorter side of the images, in pixels.
    """
    batch = _of_batch(recipe, memory, int(_USABLE * num_bytes))
    return [*batch, *_of_size(recipe, preprocess, list(boxes), median_side)]


def _of_batch(recipe: Recipe, memory: StepMemory, num_bytes: int) -> Iterator[Proposal]:
    """A smaller batch with as many more batches for each step, where a step does not fit."""
    size = recipe.batch_size
    if memory.of(size) <= num_bytes:
        return
    most = memory.most_images(num_bytes)
    if not most:
        yield Proposal("the memory is too small for a step of a single image", ())
        return
    times = 1
    while size / times > most:
        times *= 2
    smaller, accumulate = -(-size // times), recipe.speed.accumulate * times
    yield Proposal(
        f"a step of {size} images does not fit the memory; {smaller} at once, {accumulate} batches a step",
        (f"batch_size={smaller}", f"speed.accumulate={accumulate}"),
    )


def _of_size(
    recipe: Recipe, preprocess: Preprocess, boxes: list[ObjectBox], median_side: float
) -> Iterator[Proposal]:
    """A larger input where objects become too small; a smaller one where all images are much smaller."""
    side = min(preprocess.input_size)
    now = object_sizes(boxes, preprocess)
    if now is not None and now.share_small > _FEW:
        enough = _side_for(boxes, side)
        if enough is not None:
            yield Proposal(
                f"{whole_percent(now.share_small)} of the objects are below {SMALLEST:.0f} pixels at the "
                f"network's input; at {enough} x {enough} pixels, at most {whole_percent(_FEW)} are",
                (f"image.size={enough}",),
            )
    # Published weights were trained at their own size.
    elif recipe.model.weights == "none" and median_side < _SMALLER * side:
        smaller = max(_STEP, _STEP * -(-int(median_side) // _STEP))
        if smaller < side:
            yield Proposal(
                f"half of the images have {median_side:.0f} pixels or less on their shorter side; "
                f"{smaller} x {smaller} shows as much, in about {whole_percent((smaller / side) ** 2)} "
                "of the time",
                (f"image.size={smaller}",),
            )


def _side_for(boxes: list[ObjectBox], side: int) -> int | None:
    """The smallest input above ``side`` at which nearly all objects have 8 pixels; None up to 512."""
    for larger in range(_STEP * (side // _STEP + 1), _LARGEST + 1, _STEP):
        sizes = object_sizes(boxes, Preprocess((larger, larger), None, (0.5,), (0.5,)))
        if sizes is not None and sizes.share_small <= _FEW:
            return larger
    return None
