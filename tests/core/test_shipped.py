"""The checkpoints that ship: what their cards promise, and what their weights say today."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from core.checkpoints import paths, store
from core.checkpoints.paths import HISTORY, METRICS
from core.data.sources import catalogue
from core.evaluation.comparing.two_data_sets import shift
from core.evaluation.ranking.scores import probability_of
from core.evaluation.summary import summary
from core.explain.network.activations import activations
from core.explain.network.layers import stages
from core.explanation.asking import layers_of
from core.inside.examples import stored_examples
from core.mistakes import results
from core.predictions import evaluations, groups, prediction_table, properties, score_files
from core.training.settings import recipe as recipes
from tests.support.paths import DATA, ROOT
from tests.support.stored.shipped import TRAINED

FOLDERS = {
    "malaria": "malaria-cell-images",
    "pets-cat-dog": "oxford-iiit-pet",
    "gtsrb": "gtsrb",
}
each = pytest.mark.parametrize("name", TRAINED)


def _predictions(name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / name).table)


def test_together_they_stay_below_40_megabytes_and_no_image_is_among_them() -> None:
    files = [path for name in TRAINED for path in (ROOT / "checkpoints" / name).rglob("[!.]*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 40e6
    suffixes = {path.suffix for path in files if path.is_file()}
    assert suffixes <= {".json", ".csv", ".safetensors", ".parquet", ".npy"}


@each
def test_a_card_says_how_it_came_about(name: str) -> None:
    card = store.read_card(paths.root() / name)
    assert (card.status, card.reason) == ("finished", "")
    assert set(card.data) >= {"source", "fingerprint", "images", "split", "seed", "train", "val", "skipped"}
    assert set(card.training) == {"started", "device", "devices", "best_epoch", "seconds", "epochs"}
    assert len(pd.read_csv(paths.root() / name / HISTORY)) == card.training["epochs"]


@each
def test_it_was_made_by_the_recipe_of_its_name(name: str) -> None:
    card = store.read_card(paths.root() / name)
    assert recipes.differences(recipes.parse(card.recipe), recipes.read(name)) == []


@each
def test_its_accuracy_is_that_of_its_table(name: str) -> None:
    card, table = store.read_card(paths.root() / name), _predictions(name)
    assert len(table) == card.data["val"]
    assert (table["label"] == table["predicted"]).mean() == card.metrics["val_accuracy"]
    assert table["loss"].mean() == pytest.approx(card.metrics["val_loss"], rel=1e-6)


@each
def test_its_metrics_are_those_of_its_table(name: str) -> None:
    card, stored = (
        store.read_card(paths.root() / name),
        json.loads((evaluations.find(paths.root() / name).folder / METRICS).read_text(encoding="utf-8")),
    )
    assert (stored.pop("num_broken"), stored.pop("fingerprint")) == (0, card.data["fingerprint"])
    table = prediction_table.read(evaluations.find(paths.root() / name).table)
    expected = summary(table, card.class_names)
    assert stored.pop("areas_from") == expected.pop("areas_from")
    assert stored.pop("confusion_matrix") == expected.pop("confusion_matrix")
    each_class, expected_class = stored.pop("per_class"), expected.pop("per_class")
    assert list(each_class) == list(expected_class)
    for class_name, numbers in each_class.items():
        # Undefined is not approximately so.
        known = {each: value for each, value in numbers.items() if value is not None}
        expected_known = {
            each: value for each, value in expected_class[class_name].items() if value is not None
        }
        assert known == pytest.approx(expected_known, rel=1e-12)
    assert stored == pytest.approx(expected, rel=1e-12)
    assert stored["macro_roc_auc"] > 0.5


@pytest.mark.slow
@each
def test_its_weights_give_its_table_again(name: str) -> None:
    """On the real images, where they are; embedded ones are everywhere."""
    loaded, table = store.load(paths.root() / name), _predictions(name)
    recipe = recipes.parse(loaded.card.recipe)
    source = recipe.data.source
    place = DATA / FOLDERS[source] if source in FOLDERS else None
    if place is not None and not place.exists():
        pytest.skip(f"the images of {source} are not here")
    images = catalogue.open_data(source, place)
    assert images.fingerprint == loaded.card.data["fingerprint"]
    places = {sample_id: index for index, sample_id in enumerate(images.sample_ids)}
    some = table.iloc[:: max(1, len(table) // 16)]
    batch = loaded.card.preprocess.batch([images.image(places[each]) for each in some["sample_id"]])
    with torch.inference_mode():
        probabilities = loaded.model(batch).softmax(1)
    labels = torch.tensor([images.labels[places[each]] for each in some["sample_id"]])
    assert labels.tolist() == some["label"].tolist()
    given = torch.tensor(some["p_label"].to_numpy())
    torch.testing.assert_close(probabilities[torch.arange(len(labels)), labels], given, rtol=0, atol=1e-4)
    if len(loaded.card.class_names) > 5:
        scores = np.concatenate(
            score_files.pieces(prediction_table.read(evaluations.find(loaded.folder).table))
        )
        found = torch.from_numpy(probability_of(scores[:: max(1, len(scores) // 16)])).float()
        torch.testing.assert_close(probabilities, found, rtol=0, atol=2e-4)


def test_both_fall_on_other_photos_of_cats_and_dogs_and_do_not_notice() -> None:
    story = {}
    for name in ("pets-cat-dog", "pets-cat-dog-scratch"):
        folder = paths.root() / name
        own, other = (
            results.read(folder, evaluation=each) for each in ("pets-cat-dog-val", "dogs-vs-cats-val")
        )
        assert other.evaluation.facts.weights_sha256 == own.card.weights_sha256
        found = shift(own.table, other.table, 2)
        accuracies = round(found.first.accuracy, 3), round(found.second.accuracy, 3)
        story[name] = (*accuracies, round(own.metrics.ece, 2), round(other.metrics.ece, 2))
        assert found.p_value < 1e-6
        assert found.classes.change.argmin() == 1  # The dogs.
    assert story["pets-cat-dog"] == (1, 0.755, 0, 0.14)
    assert story["pets-cat-dog-scratch"] == (0.891, 0.589, 0.05, 0.32)


@pytest.mark.parametrize("evaluation", ["shortcut-val", "shortcut-test"])
def test_the_shortcut_fails_where_the_background_is_that_of_the_other_digits(evaluation: str) -> None:
    """It learned the background: right on 97% where that agrees with the class, on 65% where it does not."""
    found = evaluations.find(paths.root() / "shortcut", evaluation)
    table, known = pd.read_parquet(found.table), properties.read(found)
    assert known is not None
    assert known["sample_id"].tolist() == table["sample_id"].tolist()
    agrees = (known["background"] == "grass") == (table["label"] < 5)
    right = (table["label"] == table["predicted"]).groupby(agrees).mean()
    assert right[True] > 0.95
    assert 0.5 < right[False] < 0.7


def test_the_groups_of_the_shortcut_have_the_background_of_the_other_digits() -> None:
    for evaluation in ("shortcut-val", "shortcut-test"):
        found = evaluations.find(paths.root() / "shortcut", evaluation)
        kept, known = groups.read(found), properties.read(found)
        assert kept is not None
        assert known is not None
        background = known.set_index("sample_id")["background"]
        labels = pd.read_parquet(found.table).set_index("sample_id")["label"]
        is_other = (background == "grass") == (labels >= 5)
        on_grass = next(each for each in kept.groups if each.name.startswith("grass behind"))
        assert is_other[list(on_grass.sample_ids)].all()


def test_transfer_beats_scratch_on_the_same_photos() -> None:
    scratch, transfer = (_predictions(name) for name in ("pets-cat-dog-scratch", "pets-cat-dog"))
    assert scratch["sample_id"].tolist() == transfer["sample_id"].tolist()
    right = [(table["label"] == table["predicted"]).mean() for table in (scratch, transfer)]
    assert right[1] > right[0] + 0.05


@pytest.mark.slow
def test_the_patches_that_ship_with_digits_are_those_that_its_stages_answer_to_most() -> None:
    loaded = store.load(paths.root() / "digits")
    images, found = catalogue.load("digits"), stored_examples.read(loaded.folder)
    assert found is not None
    assert found.is_of(loaded.card, images)
    assert list(found.about.layers) == [stage.name for stage in stages(layers_of(loaded))]
    batch = loaded.card.preprocess.batch([images.image(index) for index in range(len(images))])
    maps = activations(loaded.model, batch, ["block2"])["block2"]
    expected = maps.amax((2, 3)).topk(9, 0).values.T
    for channel, own in enumerate(found.of("block2")):
        reached = [each.activation for each in own]
        assert reached == pytest.approx(
            [value for value in expected[channel].tolist() if value > 0], rel=1e-4
        )
