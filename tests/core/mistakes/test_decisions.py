"""Decisions made one by one, and as tasks for Label Studio."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints.paths import PREDICTIONS
from core.data.corrections import Correction
from core.data.image_set import ImageSet, Pixels
from core.mistakes import decisions, wrong_labels
from core.mistakes.wrong_labels import WrongLabels
from core.predictions import prediction_table
from tests.support.results.small_tables import random_table
from tests.support.stored.tiny_evaluation import CLASSES, random_checkpoint


def test_a_later_decision_on_a_sample_replaces_the_earlier(tmp_path: Path) -> None:
    file = tmp_path / "made" / "set.csv"
    assert decisions.read(file) == {}
    for made in (Correction("a", "keep"), Correction("b", "exclude"), Correction("a", "unsure")):
        decisions.record(file, made)
    assert [(each.sample_id, each.decision) for each in decisions.read(file).values()] == [
        ("b", "exclude"),
        ("a", "unsure"),
    ]


def test_a_class_is_named_as_the_data_set_names_it() -> None:
    """The network calls it Guinea Pig, the folder guinea_pig; it has no folder of zebras."""
    images = ImageSet(
        "set",
        ("cat", "guinea_pig"),
        np.array([0, 1, 1]),
        list("abc"),
        Pixels(np.zeros((3, 4, 4), np.uint8)),
        "",
    )
    names = ("zebra", "Guinea Pig", "cat")
    assert [decisions.name_in_data(images, names, each) for each in range(3)] == [
        "zebra",
        "guinea_pig",
        "cat",
    ]


@pytest.fixture
def wrong() -> WrongLabels:
    folder = random_checkpoint()
    prediction_table.write(folder / PREDICTIONS, random_table(60, 3)[0])
    return wrong_labels.read(folder)


def test_tasks_for_label_studio_have_the_suggestion_and_the_decision(wrong: WrongLabels) -> None:
    rows = wrong.suspects.rows
    ids = [wrong.table["sample_id"][int(row)].as_py() for row in rows]
    decided = [
        Correction(ids[0], "relabel", "mole"),
        Correction(ids[-1], "keep"),  # Not suspected, but decided on.
        Correction(ids[1], "exclude"),
    ]
    tasks = {each["data"]["sample_id"]: each for each in json.loads(decisions.label_studio(wrong, decided))}
    assert len(tasks) == wrong.num_suspects + 1
    (suggestion,) = tasks[ids[0]]["predictions"][0]["result"]
    predicted = CLASSES[wrong.table["predicted"][int(rows[0])].as_py()]
    assert suggestion["value"] == {"choices": [predicted]}
    chosen = {name: task["annotations"][0]["result"] for name, task in tasks.items() if "annotations" in task}
    assert chosen[ids[0]][0]["value"] == {"choices": ["mole"]}
    assert chosen[ids[-1]][0]["value"] == {"choices": [tasks[ids[-1]]["data"]["given"]]}
    assert chosen[ids[1]] == []
