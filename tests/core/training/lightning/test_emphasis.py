"""Images that are like a group count more in the loss, or are drawn more often; nothing else changes."""

import numpy as np
import pytest
import torch
from torch import nn

from core.data.sources import catalogue
from core.training.lightning.classifier import Classifier
from core.training.lightning.feed import Feed, loss_weights
from core.training.material import Material
from tests.support.trainings.short_trainings import short_recipe

GROUP = ("emphasis.found_in=any/val", "emphasis.group=dark")


class _Whole:
    """What a feed reads of decoded images."""

    images = catalogue.load("digits")


def _material(num: int = 200) -> Material:
    emphasised = np.arange(len(_Whole.images)) % 10 == 3
    return Material(_Whole(), np.arange(num), np.arange(num, 250), emphasised)  # type: ignore[arg-type]


def test_a_weight_counts_as_that_many_copies_of_the_image() -> None:
    logits, labels = torch.tensor([[0.0, 1.0], [2.0, 0.5], [0.3, 0.1]]), torch.tensor([1, 1, 0])
    by_class = torch.tensor([2.0, 1.0])
    classifier = Classifier(
        nn.Identity(),
        short_recipe("loss.label_smoothing=0.1"),
        num_classes=2,
        prepared=lambda batch: batch,
        class_weights=by_class,
    )
    classifier.weigh(torch.tensor([1.0, 9.0, 3.0, 1.0]))
    copies = torch.tensor([0, 1, 1, 1, 2])
    expected = nn.functional.cross_entropy(logits[copies], labels[copies], by_class, label_smoothing=0.1)
    loss = classifier.training_step((logits, labels, torch.tensor([0, 2, 3])), 0)
    torch.testing.assert_close(loss, expected)


def test_the_loss_that_is_logged_is_without_weights() -> None:
    logits, labels = torch.tensor([[0.0, 1.0], [2.0, 0.5]]), torch.tensor([1, 1])
    classifier = Classifier(nn.Identity(), short_recipe(), num_classes=2, prepared=lambda batch: batch)
    classifier.weigh(torch.tensor([1.0, 50.0])).training_step((logits, labels, torch.arange(2)), 0)
    plain = nn.functional.cross_entropy(logits, labels)
    torch.testing.assert_close(classifier.train_answers.taken()[0], plain)


def test_weights_of_the_loss_are_those_of_the_group() -> None:
    weights = loss_weights(short_recipe(*GROUP, "emphasis.weight=7"), _material())
    assert weights is not None
    assert weights[:5].tolist() == [1, 1, 1, 7, 1]
    assert loss_weights(short_recipe(*GROUP), _material()) is None


def test_images_of_the_group_are_drawn_as_many_times_as_often() -> None:
    material = _material()
    feed = Feed(short_recipe(*GROUP, "emphasis.drawn=4"), material, train=None, val=None, workers=0)  # type: ignore[arg-type]
    assert feed.weights is not None
    np.testing.assert_array_equal(feed.weights, np.where(np.arange(200) % 10 == 3, 4, 1))
    plain = Feed(short_recipe(*GROUP), material, train=None, val=None, workers=0)  # type: ignore[arg-type]
    assert plain.weights is None


def test_a_group_needs_the_evaluation_in_which_it_was_found() -> None:
    with pytest.raises(Exception, match="found_in and group go together"):
        short_recipe("emphasis.group=dark")
