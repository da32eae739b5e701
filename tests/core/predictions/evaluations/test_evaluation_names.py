"""Evaluations are named after their data, and found by name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.__main__ import main
from core.checkpoints import paths, store
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.errors import EvaluationError
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.naming import proposed_name
from core.predictions.evaluations import Facts
from tests.support.stored.evaluation_folders import samples


@pytest.mark.parametrize(
    ("data", "split", "name"),
    [
        ("digits", "val", "digits-val"),
        ("My photos (2024)!", "test", "My-photos-2024-test"),
        ("../../etc", "all", "etc-all"),
        ("写真", "val", "val"),
        ("a" * 300, "val", "a" * 60 + "-val"),
    ],
)
def test_usual_names_can_be_names_of_folders(data: str, split: str, name: str) -> None:
    assert evaluations.usual_name(data, split) == name
    evaluations.refuse_odd(name)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a b", "x" * 65, "a\nb"])
def test_odd_names_are_refused(folder: Path, pictures: Path, name: str) -> None:
    with pytest.raises(EvaluationError, match="cannot name an evaluation; use letters, digits"):
        evaluations.place(folder, name)
    if name:
        with pytest.raises(EvaluationError, match="cannot name an evaluation"):
            evaluate(folder, samples(folder, pictures), keep=Keep(name))


def test_where_the_usual_name_is_of_others_a_number_follows(
    folder: Path, pictures: Path, street: Path
) -> None:
    card, wanted = store.read_card(folder), samples(folder, pictures)
    assert proposed_name([], card, wanted) == "pictures-val"
    evaluate(folder, wanted)
    assert proposed_name(evaluations.every(folder), card, wanted) == "pictures-val"
    evaluate(folder, samples(folder, street), keep=Keep("pictures-val", replace=True))
    assert proposed_name(evaluations.every(folder), card, wanted) == "pictures-val-2"
    assert evaluations.free_name("a", {"a", "a-2"}) == "a-3"


def test_layouts_of_anybody_are_named_after_their_folder(pictures: Path) -> None:
    own = {source.name for source in catalogue.SOURCES.values() if source.where.startswith("your own files")}
    assert own == set(evaluations.LAYOUTS)
    images: ImageSet = catalogue.load("folder", pictures)
    assert evaluations.data_name(images) == "pictures"
    assert evaluations.data_name(catalogue.load("digits")) == "digits"


def test_one_that_is_not_there_lists_those_that_are(folder: Path, pictures: Path) -> None:
    with pytest.raises(
        EvaluationError, match="'random' has no predictions yet; run: python -m core evaluate"
    ):
        evaluations.find(folder)
    evaluate(folder, samples(folder, pictures))
    with pytest.raises(EvaluationError, match="'random' has no evaluation 'x'; there is pictures-val"):
        evaluations.find(folder, "x")


def test_those_of_the_training_come_first_then_the_newest(folder: Path) -> None:
    card = store.read_card(folder)
    store.update(folder, replace(card, data={"source": "own", "fingerprint": "own"}))
    known = {
        "own-test": Facts(fingerprint="own", split="test", date="2026-05"),
        "own-val": Facts(fingerprint="own", split="val", date="2026-01"),
        "street": Facts(fingerprint="x", split="val", date="2026-03"),
        "beach": Facts(fingerprint="y", split="val", date="2026-04"),
    }
    for name, facts in known.items():
        place = evaluations.place(folder, name)
        place.mkdir(parents=True)
        (place / paths.PREDICTIONS).touch()
        evaluations.write_facts(place, facts)
    assert [each.name for each in evaluations.every(folder)] == ["own-val", "own-test", "beach", "street"]


def test_the_command_keeps_it_under_the_name_that_it_is_given(
    folder: Path,
    pictures: Path,
    street: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["evaluate", "random", "--device", "cpu", "--as", "mine", "--data"]
    assert main([*command, str(pictures)]) == 0
    assert capsys.readouterr().out.startswith("random on 10 images of pictures, saved as mine:\n")
    assert main([*command, str(street)]) == 1
    assert capsys.readouterr().err.endswith(
        "error: 'random' has an evaluation 'mine' of other images; "
        "choose another name with --as NAME, or overwrite it with --replace\n"
    )
    assert main([*command, str(street), "--replace"]) == 0
    stored = json.loads((folder / "evaluations" / "mine" / "metrics.json").read_text())
    assert stored["num_samples"] == 8
    assert main([*command[:-2], "../mine", "--data", str(street)]) == 1
