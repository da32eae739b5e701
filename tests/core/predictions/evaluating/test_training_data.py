"""A card says how the data of a training were split; an older one says it in its recipe."""

import pytest

from core.checkpoints.store import Card
from core.data.division import Division
from core.errors import CheckpointError
from core.images.preprocess import Preprocess
from core.predictions.evaluating.training_data import division_of, source_of
from core.training.settings import recipe as recipes

SETTINGS = recipes.as_settings(recipes.read("digits", ["data.val=0.3", "data.split=random", "seed=7"]))


def _card(**values: object) -> Card:
    return Card("seewhy:two-conv-mnist", ("a", "b"), Preprocess((28, 28), None, (0.5,), (0.5,)), **values)


def test_an_older_card_says_it_in_its_recipe() -> None:
    card = _card(recipe=SETTINGS, data={"split": "random", "seed": 7, "val": 540})
    assert division_of(card) == Division("random", 0.3, 7)
    assert source_of(card) == "digits"


def test_a_card_needs_no_recipe() -> None:
    card = _card(data={"source": "street", "split": "published", "val_share": 0.25, "seed": 3})
    assert division_of(card) == Division("published", 0.25, 3)
    assert source_of(card) == "street"


def test_the_data_of_the_training_come_before_those_of_its_recipe() -> None:
    assert source_of(_card(recipe=SETTINGS, data={"source": "street"})) == "street"


def test_a_network_from_elsewhere_has_none() -> None:
    assert source_of(_card()) == ""
    assert division_of(_card()) == Division()


@pytest.mark.parametrize("values", [{"val_share": 1.0}, {"val_share": "all"}, {"split": "odd"}, {"seed": -1}])
def test_what_cannot_be_is_named(values: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match=f"how its data were split: {next(iter(values))} is"):
        division_of(_card(recipe=SETTINGS, data=values))
