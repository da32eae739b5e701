"""The optimiser's settings do what they say: seed, rate, plateau, weights, precision."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from core.checkpoints import paths, store
from core.predictions import evaluations
from core.training.lightning.train import train
from tests.support.trainings.short_trainings import (
    FEW,
    TWO_CONVOLUTIONS,
    history_of,
    job,
    short_recipe,
    weights_of,
)


def test_the_learning_rate_drops_after_its_epoch() -> None:
    folder = train(short_recipe(*TWO_CONVOLUTIONS, "schedule.drop_after=[2]"), job())
    assert history_of(folder)["lr"].tolist() == pytest.approx([1e-3, 1e-3, 1e-4])


@pytest.mark.slow
def test_the_learning_rate_falls_on_a_plateau() -> None:
    """With a learning rate of nothing, no epoch is better than the first."""
    changes = ("optimiser.lr=1e-6", "schedule.plateau=2", "schedule.factor=0.5", "epochs=6")
    folder = train(short_recipe(*TWO_CONVOLUTIONS, *changes), job())
    assert [round(lr * 1e6, 2) for lr in history_of(folder)["lr"]] == [1, 1, 1, 0.5, 0.5, 0.25]


def test_training_stops_early_without_progress() -> None:
    folder = train(short_recipe(*TWO_CONVOLUTIONS, "optimiser.lr=0.0", "keep.patience=2", "epochs=9"), job())
    assert len(history_of(folder)) == 3
    assert store.read_card(folder).status == "finished"


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.slow
def test_every_optimiser_learns(optimiser: str) -> None:
    lr = {"sgd": 0.05, "rmsprop": 0.002}.get(optimiser, 0.005)
    changes = (f"optimiser.name={optimiser}", f"optimiser.lr={lr}", "epochs=4", "data.per_class=20")
    history = history_of(train(short_recipe(*TWO_CONVOLUTIONS, *changes), job()))
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0] - 0.03


@pytest.mark.slow
def test_gradients_of_several_batches_are_those_of_one_large_one() -> None:
    """Batches of 20 added in fours equal one batch of 80: the mean of means of equal sizes."""
    changes = (*FEW, "optimiser.name=sgd", "optimiser.lr=0.1", "epochs=2")
    large = train(short_recipe(*changes, "batch_size=80"), job("large"))
    small = train(short_recipe(*changes, "batch_size=20", "speed.accumulate=4"), job("small"))
    for name, value in weights_of(large).items():
        torch.testing.assert_close(weights_of(small)[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_class_weights_enter_the_loss(tmp_path: Path) -> None:
    for name, setting in (("plain", "false"), ("weighted", "true")):
        train(short_recipe(*TWO_CONVOLUTIONS, "epochs=1", f"loss.class_weights={setting}"), job(name))
    losses = [history_of(tmp_path / name)["train_loss"][0] for name in ("plain", "weighted")]
    # Eight images of each class: every weight is 1.
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.slow
def test_half_precision_halves_the_file_and_is_what_the_card_measures() -> None:
    whole = train(short_recipe(*TWO_CONVOLUTIONS), job("whole"))
    half = train(short_recipe(*TWO_CONVOLUTIONS, "keep.stored=float16"), job("half"))
    sizes = [(folder / paths.WEIGHTS).stat().st_size for folder in (whole, half)]
    assert sizes[1] / sizes[0] == pytest.approx(0.5, abs=0.01)
    table = pd.read_parquet(evaluations.find(half).table)
    assert store.read_card(half).metrics["val_loss"] == pytest.approx(table["loss"].mean(), rel=1e-6)
    assert next(store.load(half).model.parameters()).dtype == torch.float32
