"""``python -m core evaluate``: on which images, what it prints, and what it remembers."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.checkpoints import store
from core.checkpoints.local import remember_data, remembered_data
from core.data.sources import catalogue
from core.predictions import evaluations
from core.predictions.evaluating.samples import data_has_changed, images_of
from core.training.settings import recipe as recipes
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint that commands find by the name ``random``."""
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "usual"))
    return random_checkpoint()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return noisy_pictures(tmp_path / "pictures")


def _of_a_training(folder: Path, **data: str | int) -> None:
    """Let the card say that the recipe for digits was trained on other data."""
    card = store.read_card(folder)
    settings = recipes.as_settings(recipes.read("digits"))
    store.update(folder, replace(card, recipe=settings, data=data))


def _rows(folder: Path, name: str | None = None) -> int:
    return len(pd.read_parquet(evaluations.find(folder, name).table))


def test_where_the_images_lay_is_remembered(
    folder: Path, pictures: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["evaluate", "random", "--device", "cpu"]) == 1
    assert (
        capsys.readouterr().err == "error: no images are known for 'random'; give a folder with --data DIR\n"
    )
    monkeypatch.chdir(pictures.parent)
    assert main(["evaluate", "random", "--device", "cpu", "--data", pictures.name, "--split", "all"]) == 0
    assert remembered_data(folder) == pictures
    (pictures / "apple" / "0.png").unlink()
    assert main(["evaluate", "random", "--device", "cpu"]) == 0
    assert [_rows(folder, f"pictures-{split}") for split in ("all", "val")] == [10, 9]


def test_the_data_trained_on_come_before_the_source_of_the_recipe(folder: Path, pictures: Path) -> None:
    """A training may be given a folder of another layout than its recipe names."""
    _of_a_training(folder, source="folder")
    remember_data(folder, pictures)
    assert main(["evaluate", "random", "--device", "cpu", "--split", "all"]) == 0
    assert _rows(folder) == 10


def test_the_usual_place_is_that_of_the_data_trained_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _of_a_training(folder, source="mnist")
    assert main(["evaluate", "random", "--device", "cpu"]) == 1
    assert capsys.readouterr().err.startswith("error: cannot find mnist in")


def test_a_training_that_can_be_resumed_does_not_forget_its_data(folder: Path, pictures: Path) -> None:
    """Evaluated on other images meanwhile, it still goes on with its own."""
    _of_a_training(folder, source="folder", fingerprint="another")
    store.update(folder, replace(store.read_card(folder), status="stopped"))
    remember_data(folder, Path("/own"))
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(pictures), "--split", "all"]) == 0
    assert remembered_data(folder) == Path("/own")
    fingerprint = catalogue.load("folder", pictures).fingerprint
    card = store.read_card(folder)
    store.update(folder, replace(card, data={"source": "folder", "fingerprint": fingerprint}))
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(pictures)]) == 0
    assert remembered_data(folder) == pictures


@pytest.mark.parametrize("content", ["{}", '{"data": null}'])
def test_what_was_not_said_is_not_remembered(folder: Path, content: str) -> None:
    (folder / "local.json").write_text(content)
    assert remembered_data(folder) is None


def test_it_prints_what_it_found(folder: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(pictures), "--split", "all"]) == 0
    printed = capsys.readouterr()
    table = pd.read_parquet(evaluations.find(folder).table)
    accuracy = np.mean(table["label"] == table["predicted"])
    assert printed.out.startswith("random on 10 images of pictures, saved as pictures-all:\n")
    assert f"  accuracy           {accuracy:.4f}\n" in printed.out
    assert printed.err == "unreadable images left out: 1\n"


# Data that have changed.


@pytest.mark.parametrize("split", ["val", "test"])
def test_no_train_folder_is_needed_to_evaluate(folder: Path, tmp_path: Path, split: str) -> None:
    for part in ("val", "test"):
        noisy_pictures(tmp_path / "data" / part)
    assert main(["evaluate", "random", "--data", str(tmp_path / "data"), "--split", split]) == 0
    rows = pd.read_parquet(evaluations.find(folder).table)
    assert len(rows) == 10
    assert {Path(each).parts[0] for each in rows["sample_id"]} == {split}


def test_other_images_than_in_training_are_noted(
    folder: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _of_a_training(folder, source="folder", fingerprint="another")
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(pictures)]) == 0
    first, *_ = capsys.readouterr().err.splitlines()
    assert first == (
        "the images of 'pictures' are not those that 'random' was trained on, or have changed since: "
        "they are split as published, not as in training"
    )


def test_predictions_of_a_part_of_the_images_are_still_of_them(folder: Path, pictures: Path) -> None:
    """As the shipped ones are of a part of the public data sets; with a class changed they are of others."""
    images = catalogue.load("folder", pictures)
    _of_a_training(folder, source="folder", fingerprint=images.fingerprint, images=len(images))
    whole = ["evaluate", "random", "--device", "cpu", "--data", str(pictures), "--split", "all"]
    assert main(whole) == 0
    found, one = evaluations.find(folder), pictures / "zebra" / "1.png"
    shutil.copy(one, pictures / "zebra" / "more.png")
    assert not data_has_changed(found, images_of(found))
    others = next(path for path in pictures.iterdir() if path.is_dir() and path.name != "zebra")
    one.rename(others / "moved.png")
    shutil.copy(others / "moved.png", others / "again.png")
    assert data_has_changed(found, images_of(found))


def test_predictions_know_the_images_that_they_are_of(folder: Path, pictures: Path) -> None:
    _of_a_training(folder, source="folder", fingerprint="another")
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(pictures)]) == 0
    found = evaluations.find(folder)
    assert not data_has_changed(found, images_of(found))
    (pictures / "zebra" / "1.png").unlink()
    assert data_has_changed(found, images_of(found))
