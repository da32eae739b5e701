"""Each evaluation knows where its images lie."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.__main__ import main
from core.checkpoints import store
from core.checkpoints.local import remember_data
from core.data.sources import catalogue
from core.errors import DataError
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import images_of
from tests.support.stored.evaluation_folders import samples


def test_each_has_the_images_that_it_was_evaluated_on(folder: Path, pictures: Path, street: Path) -> None:
    for place in (pictures, street):
        assert main(["evaluate", "random", "--device", "cpu", "--data", str(place)]) == 0
    places = {each.name: images_of(each).root for each in evaluations.every(folder)}
    assert places == {"pictures-val": pictures, "street-val": street}


def test_images_of_another_data_set_are_not_looked_for_where_the_training_had_its_own(
    folder: Path, pictures: Path, street: Path
) -> None:
    evaluate(folder, samples(folder, pictures))
    own = catalogue.load("folder", street).fingerprint
    store.update(folder, replace(store.read_card(folder), data={"fingerprint": own}))
    remember_data(folder, street)
    found = evaluations.find(folder)
    with pytest.raises(DataError, match="the folder of the images of 'pictures-val' is unknown"):
        images_of(found)
    evaluations.write_facts(found.folder, replace(found.facts, source="digits"))
    assert images_of(evaluations.find(folder)).name == "digits"
