"""What is frozen stays as it was, and what is unfrozen learns."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import RecipeError
from core.models import registry
from core.predictions import evaluations
from core.training.lightning.train import Job, train
from core.training.network import network
from tests.support.trainings.short_trainings import SIGNS, history_of, job, short_recipe, weights_of


@pytest.mark.slow
def test_training_the_head_on_features_is_training_it_in_the_network() -> None:
    """The history is measured on features, the table on pixels through the whole network: they agree."""
    folder = train(short_recipe(*SIGNS, "model.train_from=head", "epochs=3"), job())
    card = store.read_card(folder)
    best = history_of(folder).set_index("epoch").loc[card.training["best_epoch"]]
    table = pd.read_parquet(evaluations.find(folder).table)
    assert table["loss"].mean() == pytest.approx(best["val_loss"], rel=1e-5)
    assert (table["label"] == table["predicted"]).mean() == pytest.approx(best["val_accuracy"], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("augmented", [(), ("augment.flip=true", "speed.workers=0")], ids=["cached", "live"])
def test_a_frozen_part_stays_as_it_was_to_the_bit(augmented: tuple[str, ...]) -> None:
    recipe = short_recipe(*SIGNS, "model.train_from=head", *augmented)
    torch.manual_seed(recipe.seed)
    fresh = registry.build(recipe.model.architecture, 10).state_dict()
    trained = weights_of(train(recipe, job()))
    moved = {name for name, value in fresh.items() if not torch.equal(value, trained[name])}
    assert moved == {"head.weight", "head.bias"}


@pytest.mark.slow
def test_what_is_unfrozen_from_a_layer_on_learns_with_its_statistics() -> None:
    recipe = short_recipe(*SIGNS, "model.train_from=block4")
    torch.manual_seed(recipe.seed)
    fresh = registry.build(recipe.model.architecture, 10).state_dict()
    trained = weights_of(train(recipe, job()))
    moved = {name.split(".")[0] for name, value in fresh.items() if not torch.equal(value, trained[name])}
    assert moved == {"block4", "hidden", "head"}
    assert not torch.equal(fresh["block4.norm.running_mean"], trained["block4.norm.running_mean"])


@pytest.mark.slow
def test_a_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    train(short_recipe(*SIGNS), job("first"))
    start = weights_of(tmp_path / "first")
    recipe = short_recipe(*SIGNS, "model.weights=checkpoint:first", "optimiser.lr=0.0", "epochs=1")
    second = weights_of(train(recipe, job("second")))
    learned = [name for name in start if "running" not in name and "num_batches" not in name]
    assert all(torch.equal(start[name], second[name]) for name in learned)


@pytest.mark.slow
def test_frozen_batch_norm_keeps_its_statistics_scale_and_shift() -> None:
    train(short_recipe(*SIGNS, "epochs=1"), job("first"))
    recipe = short_recipe(*SIGNS, "model.weights=checkpoint:first", "model.frozen_norms=true", "epochs=1")
    second = weights_of(train(recipe, job("second")))
    start = weights_of(paths.folder("first"))
    moved = {name for name, value in start.items() if not torch.equal(value, second[name])}
    assert moved == {name for name in start if ".norm." not in name}


@pytest.mark.slow
def test_the_last_layer_of_a_checkpoint_is_retrained_alone_on_balanced_data(
    photos_of_two_classes: Path,
) -> None:
    """Known as a balanced head, or classifier retraining (Kang 2020, arXiv:1910.09217)."""
    for number in (0, *range(5, 20)):
        (photos_of_two_classes / "light" / f"{number}.png").unlink()
    changes = (*SIGNS, "data.per_class=0", "data.val=0.25", "epochs=1")
    train(short_recipe(*changes), Job("plain", data=photos_of_two_classes))
    retrained = ("model.weights=checkpoint:plain", "model.train_from=head", "loss.oversample=true")
    folder = train(short_recipe(*changes, *retrained), Job("balanced", data=photos_of_two_classes))
    start, end = weights_of(paths.folder("plain")), weights_of(folder)
    assert {name for name, value in start.items() if not torch.equal(value, end[name])} == {
        "head.weight",
        "head.bias",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("model.frozen_norms=true",), "keeps statistics, which random weights lack; set model.weights"),
        (
            (
                "model.architecture=seewhy:road-signs",
                "model.weights=checkpoint:plain",
                "model.frozen_norms=true",
            ),
            "seewhy:road-signs has no batch norm for model.frozen_norms",
        ),
        (
            ("model.architecture=seewhy:chollet-mnist", "image.size=0", "model.inner_dropout=0.2"),
            "seewhy:chollet-mnist has no dropout layers for model.inner_dropout",
        ),
    ],
)
def test_settings_of_layers_that_a_network_lacks_are_refused(changes: tuple[str, ...], message: str) -> None:
    card = Card("seewhy:road-signs", ("a", "b"), registry.default_preprocess("seewhy:road-signs"))
    store.save("plain", card, registry.build("seewhy:road-signs", 2).state_dict())
    with pytest.raises(RecipeError, match=message):
        network(short_recipe(*SIGNS, *changes), 2)


@pytest.mark.slow
def test_only_what_differs_from_the_built_in_weights_is_saved() -> None:
    changes = ("model.architecture=timm:tf_efficientnet_lite0", "model.weights=imagenet")
    recipe = short_recipe(
        *changes, "model.train_from=head", "data.per_class=1", "epochs=2", "data.val=0.01", "image.size=64"
    )
    folder = train(recipe, job())
    assert set(weights_of(folder)) == {"classifier.weight", "classifier.bias"}
    assert (folder / paths.WEIGHTS).stat().st_size < 60_000
    assert store.load(folder).card.base == "imagenet"
