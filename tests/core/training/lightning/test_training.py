"""A training leaves a checkpoint that says everything about it."""

import json
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from core.checkpoints import paths, store
from core.data.cache import decode
from core.data.sources import catalogue
from core.errors import RecipeError
from core.models import registry
from core.predictions import evaluations, prediction_table
from core.predictions.evaluating.training_data import division_of
from core.training.lightning.classifier import Classifier
from core.training.lightning.train import train
from core.training.material import material
from core.training.network import network
from core.training.settings import recipe as recipes
from tests.support.trainings.short_trainings import (
    FEW,
    TWO_CONVOLUTIONS,
    assert_same_history,
    assert_same_weights,
    history_of,
    job,
    short_recipe,
    weights_of,
)


@pytest.mark.slow
def test_the_folder_says_everything_about_the_training() -> None:
    folder = train(short_recipe(*TWO_CONVOLUTIONS), job())
    card = store.read_card(folder)
    assert (card.status, card.reason) == ("finished", "")
    assert card.class_names == tuple("0123456789")
    assert recipes.parse(card.recipe) == short_recipe(*TWO_CONVOLUTIONS)
    known = {key: card.data[key] for key in ("source", "images", "train", "val", "skipped", "seed")}
    assert known == {"source": "digits", "images": 1797, "train": 80, "val": 90, "skipped": 0, "seed": 0}
    assert card.data["fingerprint"] == catalogue.load("digits").fingerprint
    assert division_of(card) == short_recipe(*TWO_CONVOLUTIONS).data.division(0)
    assert card.training["epochs"] == 3
    assert card.training["seconds"] > 0
    assert card.versions["lightning"]
    assert not (folder / paths.STATE).exists()


def test_the_weights_are_those_of_the_best_epoch() -> None:
    folder = train(short_recipe(*TWO_CONVOLUTIONS, "optimiser.lr=0.01"), job())
    card, history = store.read_card(folder), history_of(folder)
    best = history.sort_values(["val_accuracy", "val_loss"], ascending=[False, True]).iloc[0]
    assert card.training["best_epoch"] == best["epoch"]
    assert card.metrics["val_accuracy"] == pytest.approx(best["val_accuracy"], abs=1e-6)
    assert card.metrics["val_loss"] == pytest.approx(best["val_loss"], rel=1e-5)


@pytest.mark.slow
def test_the_predictions_table_is_what_the_checkpoint_says() -> None:
    """Of pixels that the training never touched: through `Preprocess.batch`, image by image."""
    folder = train(short_recipe(*TWO_CONVOLUTIONS), job())
    loaded, images = store.load(folder), catalogue.load("digits")
    own = evaluations.find(folder)
    assert (own.name, own.facts.split, own.facts.num_images) == ("digits-val", "val", 90)
    assert own.facts.weights_sha256 == loaded.card.weights_sha256
    assert own.facts.fingerprint == images.fingerprint
    table = pd.read_parquet(own.table)
    assert len(table) == 90
    scores = prediction_table.read(evaluations.find(folder).table)["scores"].to_numpy()
    for _, row in table.iloc[::10].iterrows():
        index = int(row["sample_id"].removeprefix("digits/"))
        logits = loaded.model(loaded.card.preprocess.batch([images.image(index)]))[0]
        assert row["label"] == images.labels[index]
        assert row["predicted"] == int(logits.argmax())
        assert row["p_label"] == pytest.approx(float(logits.softmax(0)[row["label"]]), abs=1e-6)
        odds = prediction_table.log_odds(logits[None].double())[0]
        assert scores[row.name] == pytest.approx(odds.detach().numpy(), rel=2e-3, abs=1e-4)
    assert (table["label"] == table["predicted"]).mean() == loaded.card.metrics["val_accuracy"]
    measured = json.loads((own.folder / paths.METRICS).read_text())
    assert (measured["num_samples"], measured["num_broken"]) == (90, 0)
    assert measured["accuracy"] == loaded.card.metrics["val_accuracy"]
    assert measured["fingerprint"] == images.fingerprint


@pytest.mark.slow
def test_with_a_learning_rate_of_zero_the_training_loss_is_that_of_the_fresh_network() -> None:
    """By hand: the network without dropout, over the same training images, last batch included."""
    recipe = short_recipe(*FEW, "optimiser.lr=0.0", "epochs=1", "batch_size=33")
    folder = train(recipe, job())
    torch.manual_seed(recipe.seed)
    network = registry.build(recipe.model.architecture, 10)
    decoded = decode(catalogue.load("digits"), registry.default_preprocess(recipe.model.architecture))
    used = material(decoded, recipe.data, recipe.seed)
    with torch.no_grad():
        logits = network(decoded.preprocess.normalised(decoded.inputs(used.train)))
    labels = torch.from_numpy(used.labels[used.train])
    expected = nn.functional.cross_entropy(logits, labels)
    measured = history_of(folder).iloc[0]
    assert measured["train_loss"] == pytest.approx(float(expected), rel=1e-5)
    assert measured["train_accuracy"] == pytest.approx(float((logits.argmax(1) == labels).float().mean()))


def test_the_epoch_kept_by_macro_f1_has_the_measures_of_its_evaluation() -> None:
    folder = train(short_recipe(*TWO_CONVOLUTIONS, "keep.best=val_macro_f1", "optimiser.lr=0.01"), job())
    card, history = store.read_card(folder), history_of(folder)
    assert card.training["best_epoch"] == history.loc[history["val_macro_f1"].idxmax(), "epoch"]
    best = history.set_index("epoch").loc[card.training["best_epoch"]]
    measured = json.loads((evaluations.find(folder).folder / paths.METRICS).read_text())
    for name in ("balanced_accuracy", "macro_f1"):
        assert card.metrics[f"val_{name}"] == measured[name]
        assert measured[name] == pytest.approx(best[f"val_{name}"], rel=1e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    recipe = short_recipe(*TWO_CONVOLUTIONS, "augment.rotation=10", "speed.workers=0")
    one = train(recipe, job("one"))
    other = train(recipe, job("other"))
    assert_same_weights(one, other)
    assert_same_history(one, other)
    third = train(replace(recipe, seed=1), job("third"))
    assert not np.allclose(history_of(one)["train_loss"], history_of(third)["train_loss"])


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing() -> None:
    changes = (*TWO_CONVOLUTIONS, "epochs=2", "augment.rotation=10", "augment.flip=true")
    none = train(short_recipe(*changes, "speed.workers=0"), job("none"))
    two = train(short_recipe(*changes, "speed.workers=2"), job("two"))
    assert_same_weights(none, two)


class _TwoOutputs(nn.Module):
    """As torchvision's GoogLeNet in training: logits, and those of heads that help it learn."""

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        return namedtuple("Outputs", ["logits", "aux"])(batch * 2, batch * 3)


def _with_two_outputs(*changes: str) -> Classifier:
    return Classifier(_TwoOutputs(), short_recipe(*changes), num_classes=2, prepared=lambda batch: batch + 1)


def test_auxiliary_logits_are_left_out() -> None:
    torch.testing.assert_close(_with_two_outputs()(torch.ones(1, 2)), torch.full((1, 2), 4.0))


def test_the_loss_of_auxiliary_heads_is_added_with_its_weight() -> None:
    inputs, labels = torch.tensor([[0.0, 1.0], [2.0, 0.5]]), torch.tensor([1, 1])
    batch = (inputs, labels, torch.arange(2))
    main, other = (nn.functional.cross_entropy((inputs + 1) * factor, labels) for factor in (2, 3))
    for weight in (0.0, 0.3):
        classifier = _with_two_outputs(f"loss.auxiliary={weight}")
        torch.testing.assert_close(classifier.training_step(batch, 0), main + weight * other)
        torch.testing.assert_close(classifier.train_answers.taken()[0], main)


@pytest.mark.slow
def test_auxiliary_heads_learn_only_where_their_loss_counts() -> None:
    changes = ("model.architecture=torchvision:googlenet", "image.size=32", "data.per_class=2", "epochs=1")
    fresh = network(short_recipe(*FEW, *changes), 10).model.state_dict()
    for weight, expected in ((0.0, set()), (0.3, {"aux1", "aux2"})):
        trained = weights_of(
            train(short_recipe(*FEW, *changes, f"loss.auxiliary={weight}"), job(f"weight{weight}"))
        )
        moved = {
            name.partition(".")[0]
            for name, value in fresh.items()
            if name.endswith(".weight") and not torch.equal(value, trained[name])
        }
        assert moved & {"aux1", "aux2"} == expected
        assert "fc" in moved


@pytest.mark.slow
def test_auxiliary_heads_learn_beside_a_frozen_part_too() -> None:
    changes = ("model.architecture=torchvision:googlenet", "image.size=32", "model.train_from=inception5a")
    recipe = short_recipe(*FEW, *changes, "data.per_class=2", "epochs=1", "loss.auxiliary=0.3")
    fresh = network(recipe, 10).model.state_dict()
    trained = weights_of(train(recipe, job()))
    moved = {name.partition(".")[0] for name, value in fresh.items() if not torch.equal(value, trained[name])}
    assert moved == {"inception5a", "inception5b", "aux1", "aux2", "fc"}


def test_a_network_without_auxiliary_heads_that_learn_is_refused() -> None:
    with pytest.raises(RecipeError, match="seewhy:chollet-mnist has no auxiliary heads for loss"):
        network(short_recipe("loss.auxiliary=0.3"), 10)
    frozen = ("model.architecture=torchvision:googlenet", "model.train_from=head", "loss.auxiliary=0.3")
    with pytest.raises(RecipeError, match="torchvision:googlenet has only frozen auxiliary heads for loss"):
        network(short_recipe(*frozen), 10)


@pytest.mark.slow
def test_a_network_whose_head_is_a_convolution_trains_without_a_feature_cache() -> None:
    changes = ("model.architecture=torchvision:squeezenet1_1", "image.size=64", "model.train_from=head")
    folder = train(short_recipe(*FEW, *changes, "epochs=1", "data.per_class=2"), job())
    assert {name.split(".")[0] for name in weights_of(folder)} == {"features", "classifier"}
    assert store.read_card(folder).status == "finished"
