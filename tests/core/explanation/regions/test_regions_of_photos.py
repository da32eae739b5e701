"""Parts of a photo, proved by the network on the photo that shows them."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.data.sources import catalogue
from core.explanation.asking import explain
from core.explanation.question import Question, Score
from core.explanation.regions.finding import Regions, hidden_colour, regions
from core.explanation.regions.written import sentences
from core.images.preprocess import Preprocess


@pytest.fixture(scope="module")
def digits() -> Checkpoint:
    return store.load(store.find("digits"))


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A handwritten 3, enlarged to 100 x 100 pixels."""
    return catalogue.load("digits").image(3).resize((100, 100))


def _regions(checkpoint: Checkpoint, photo: Image.Image, class_idx: int | None = None) -> Regions:
    batch = checkpoint.card.preprocess.batch([photo])
    ((explanation,),) = explain(checkpoint, batch, Question("grad_cam", ("block3",), (Score(class_idx),)))
    return regions(checkpoint, photo, explanation, 0.9)


@pytest.fixture(scope="module")
def found(digits: Checkpoint, photo: Image.Image) -> Regions:
    return _regions(digits, photo)


def _probabilities(checkpoint: Checkpoint, image: Image.Image) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = checkpoint.model(checkpoint.card.preprocess.batch([image]))
    return logits[0].softmax(0)


@pytest.mark.slow
def test_the_shown_part_alone_keeps_the_class(digits: Checkpoint, photo: Image.Image, found: Regions) -> None:
    assert found.sufficient is not None
    seen = _probabilities(digits, found.sufficient.image)
    assert (int(seen.argmax()), found.class_idx) == (3, 3)
    assert seen[3] >= 0.9 * _probabilities(digits, photo)[3]


def test_without_the_hidden_part_another_class_comes_first(digits: Checkpoint, found: Regions) -> None:
    assert found.flipping is not None
    assert int(_probabilities(digits, found.flipping.image).argmax()) != 3


def test_shares_are_those_of_the_pixels(digits: Checkpoint, photo: Image.Image, found: Regions) -> None:
    """The photo's own pixels in the part, the hidden colour everywhere else."""
    colour, before = np.asarray(hidden_colour(digits.card.preprocess)), np.asarray(photo)
    for part, is_shown in ((found.sufficient, True), (found.flipping, False)):
        assert part is not None
        after = np.asarray(part.image)
        kept, hidden = (after == before).all(2), (after == colour).all(2)
        assert (kept | hidden).all()
        assert (kept if is_shown else hidden).mean() == pytest.approx(part.share, abs=0.01)
        assert 0 < part.share < part.random_share <= 1


def test_a_class_that_is_not_predicted_cannot_flip(digits: Checkpoint, photo: Image.Image) -> None:
    of_eight = _regions(digits, photo, 8)
    assert of_eight.flipping is None
    assert sentences(of_eight, digits.card.class_names)[1] == "8 is not predicted, so nothing can flip it"


def test_sentences_say_how_much_is_enough(digits: Checkpoint, found: Regions) -> None:
    enough, flip = sentences(found, digits.card.class_names)
    assert " of the photo is enough for 3 (" in enough
    assert flip.startswith("without ")
    assert "; in a random order, " in flip


def test_hidden_pixels_have_the_colour_that_is_subtracted() -> None:
    assert hidden_colour(Preprocess((4, 4), None, (0.5, 0.4, 0.2), (0.1, 0.2, 0.3))) == (128, 102, 51)
    assert hidden_colour(Preprocess((4, 4), None, (0.0,), (1.0,))) == (128, 128, 128)
    assert hidden_colour(Preprocess((4, 4), None, (0.2,), (0.5,))) == (51, 51, 51)
