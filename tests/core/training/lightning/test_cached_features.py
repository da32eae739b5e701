"""Training on cached features is training in the network, wherever it is cut, augmented or not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.batches import FeatureDataset
from core.training.lightning import learner as learning
from core.training.lightning.train import train
from tests.support.trainings.short_trainings import FEW, SIGNS, history_of, job, short_recipe, weights_of

# No dropout: its random numbers fall on other shapes where a block is missing.
RESIDUAL = (*FEW, "image.size=32", "image.mean=[0.5,0.5,0.5]", "image.std=[0.5,0.5,0.5]",
            "model.architecture=seewhy:chollet-residual", "speed.workers=0")  # fmt: skip
TURNED = ("augment.rotation=20", "augment.translate=0.1")


def _agree(one: Path, other: Path) -> None:
    """The same history and weights, but for the last digits: features are stored in another memory order."""
    first, second = (history_of(each).drop(columns="seconds") for each in (one, other))
    pd.testing.assert_frame_equal(first, second, rtol=1e-4, atol=1e-5)
    theirs = weights_of(other)
    for name, value in weights_of(one).items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of all features that were asked for."""
    shapes: list[tuple[int, ...]] = []
    own = FeatureDataset.__init__

    def noted(self: FeatureDataset, passes: Sequence[np.ndarray], labels: np.ndarray) -> None:
        shapes.extend(each.shape[1:] for each in passes)
        own(self, passes, labels)

    monkeypatch.setattr(FeatureDataset, "__init__", noted)
    return shapes


def _uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_cacheable", lambda *_given: None)


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "shape"), [("block3", (64, 8, 8)), ("head", (128,))])
def test_cut_anywhere_it_is_the_same_training(
    layer: str, shape: tuple[int, ...], cached: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = short_recipe(*RESIDUAL, f"model.train_from={layer}")
    on_features = train(recipe, job("features"))
    assert cached == [shape]
    _uncached(monkeypatch)
    _agree(on_features, train(recipe, job("pictures")))
    assert cached == [shape]


@pytest.mark.slow
def test_batch_norm_behind_the_cut_learns_as_in_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = short_recipe(*SIGNS, "model.train_from=head", "model.dropout=0.0", "epochs=3")
    on_features = train(recipe, job("features"))
    _uncached(monkeypatch)
    _agree(on_features, train(recipe, job("pictures")))


@pytest.mark.slow
def test_as_many_augmented_passes_as_epochs_are_the_same_training(
    cached: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = short_recipe(*RESIDUAL, *TURNED, "model.train_from=block3", "speed.cached_passes=3")
    on_features = train(recipe, job("features"))
    assert cached == [(64, 8, 8)] * 4  # Three of the training images, and one of the validation images.
    _uncached(monkeypatch)
    _agree(on_features, train(recipe, job("pictures")))


@pytest.mark.slow
def test_later_epochs_read_the_first_passes_again() -> None:
    """With a learning rate of 0, the loss of an epoch depends on its images alone."""
    recipe = short_recipe(
        *RESIDUAL, *TURNED, "model.train_from=head", "speed.cached_passes=2", "epochs=4", "optimiser.lr=0.0"
    )
    losses = history_of(train(recipe, job()))["train_loss"].to_numpy()
    np.testing.assert_allclose(losses[2:], losses[:2], rtol=1e-5)
    assert abs(losses[0] - losses[1]) > 1e-4


@pytest.mark.slow
def test_augmented_images_are_not_cached_unless_asked_for(cached: list[tuple[int, ...]]) -> None:
    train(short_recipe(*RESIDUAL, *TURNED, "model.train_from=head", "epochs=1"), job())
    assert cached == []


@pytest.mark.slow
def test_inside_of_a_block_nothing_is_cached(cached: list[tuple[int, ...]]) -> None:
    train(short_recipe(*RESIDUAL, "model.train_from=block3.conv2", "epochs=1"), job())
    assert cached == []
