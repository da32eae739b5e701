"""Classes are found by name or number, and the best come first with their probabilities."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core import images
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError, ClassError
from core.explanation.question import Question
from core.images.sample_photos import SAMPLES, sample
from core.predictions.top_k import class_index, prediction, top_k, top_k_with
from tests.support.results.questions import explained

NAMES = ("cat", "Dog", "crane", "Crane", "7", "great white shark", "shark", "twin", "twin")


def test_the_best_classes_come_first_with_softmax_probabilities() -> None:
    logits = torch.tensor([0.0, 2.0, 1.0]).log1p()
    best = top_k(logits, ["a", "b", "c"])
    assert [(each.class_idx, each.class_name) for each in best] == [(1, "b"), (2, "c"), (0, "a")]
    assert [each.probability for each in best] == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert best[0].logit == pytest.approx(np.log(3))
    assert top_k(logits, ["a", "b", "c"], k=1) == best[:1]
    assert prediction(logits, ["a", "b", "c"], 0) == best[2]


def test_classes_that_are_asked_for_follow_the_best() -> None:
    logits = torch.arange(9.0)
    shown = top_k_with(logits, NAMES, [0, None, 8, 0, 2], k=3)
    assert [each.class_idx for each in shown] == [8, 7, 6, 0, 2]


def test_huge_logits_have_probabilities_too() -> None:
    best = top_k(torch.tensor([1e4, -1e4, 1e4]), ["a", "b", "c"])
    assert [each.probability for each in best] == pytest.approx([0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("cat", 0),
        ("CAT", 0),
        ("dog", 1),
        ("crane", 2),
        ("Crane", 3),
        ("7", 4),
        ("5", 5),
        ("0", 0),
        ("Great White SHARK", 5),
    ],
)
def test_a_class_goes_by_its_name_in_any_case_or_its_number(wanted: str, expected: int) -> None:
    """A name wins over a number, and the name as it is written over one in another case."""
    assert class_index(NAMES, wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("CRANE", r"2 classes are named 'CRANE'; give a number: \[2, 3\]"),
        ("twin", r"2 classes are named 'twin'; give a number: \[7, 8\]"),
        ("9", "no class 9; this model has classes 0 to 8"),
        ("-1", "no class named '-1'; this model has 9 classes"),
        ("grate white shark", "no class named 'grate white shark'; close: great white shark"),
        ("white", "no class named 'white'; close: .*great white shark"),
        ("zebra", "no class named 'zebra'"),
    ],
)
def test_a_class_that_is_not_one_is_refused_with_those_like_it(wanted: str, message: str) -> None:
    with pytest.raises(ClassError, match=message):
        class_index(NAMES, wanted)


def test_two_classes_of_imagenet_differ_only_in_case(imagenet: Checkpoint) -> None:
    """A dog and a garment: each goes by its own spelling."""
    names = imagenet.card.class_names
    assert (class_index(names, "Cardigan"), class_index(names, "cardigan")) == (264, 474)
    assert all(class_index(names, name) == idx for idx, name in list(enumerate(names))[::37])


def test_there_are_samples_for_a_first_look() -> None:
    assert all(min(images.upright_rgb(sample(name)).size) >= 300 for name in SAMPLES)
    with pytest.raises(KeyError, match="astronauts"):
        sample("astronauts.png")


def test_a_network_without_finite_logits_says_so(small: Checkpoint, batch: Tensor) -> None:
    broken = copy.deepcopy(small.model)
    with torch.no_grad():
        broken.get_submodule("classifier").bias[0] = float("nan")
    with pytest.raises(CheckpointError, match="the logits of 'small' are not finite"):
        explained(replace(small, model=broken), batch, Question())
