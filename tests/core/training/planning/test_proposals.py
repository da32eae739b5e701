"""Proposals keep the steps as they are, and change what does not fit."""

from core.data.sources.boxes import ObjectBox
from core.images.preprocess import Preprocess
from core.training.planning.proposals import Proposal, proposals
from core.training.planning.step_memory import StepMemory
from core.training.settings import recipe as recipes

SQUARE = Preprocess((128, 128), None, (0.5,), (0.5,))


def _made(
    *changes: str, num_bytes: int = 10**9, boxes: tuple[ObjectBox, ...] = (), median_side: float = 128
) -> list[Proposal]:
    return proposals(
        recipes.read("digits", changes),
        SQUARE,
        memory=StepMemory(fixed=1000, per_image=100),
        num_bytes=num_bytes,
        boxes=boxes,
        median_side=median_side,
    )


def test_what_fits_is_left_alone() -> None:
    assert _made() == []


def test_a_batch_that_does_not_fit_is_halved_and_its_steps_stay() -> None:
    """80% of 2,500 bytes are 2,000: 10 images. 32 = 4 batches of 8."""
    (proposal,) = _made("batch_size=32", "speed.accumulate=2", num_bytes=2_500)
    assert proposal.changes == ("batch_size=8", "speed.accumulate=8")
    assert proposal.reason == "a step of 32 images does not fit the memory; 8 at once, 8 batches a step"
    (alone,) = _made("batch_size=32", num_bytes=1_300)
    assert alone == Proposal("the memory is too small for a step of a single image", ())


def test_small_objects_ask_for_a_larger_input() -> None:
    """In photos of 1,000 pixels, 25 become 3.2 at 128 x 128 and 8 at 320 x 320."""
    small = ObjectBox((1000, 1000), 0, 0, 25, 25)
    large = ObjectBox((1000, 1000), 0, 0, 500, 500)
    (proposal,) = _made(boxes=(small,) * 10 + (large,) * 90)
    assert proposal.changes == ("image.size=320",)
    assert proposal.reason.startswith("10% of the objects are below 8 pixels at the network's input; at 320")
    assert _made(boxes=(small,) * 5 + (large,) * 95) == []
    tiny = ObjectBox((1000, 1000), 0, 0, 10, 10)
    assert _made(boxes=(tiny,)) == []  # Not even 512 pixels would do.


def test_small_images_ask_for_a_smaller_input_unless_weights_are_published() -> None:
    (proposal,) = _made(median_side=50)
    assert proposal.changes == ("image.size=64",)
    assert "in about 25% of the time" in proposal.reason
    assert _made("model.weights=imagenet", median_side=50) == []
    assert _made(median_side=100) == []
