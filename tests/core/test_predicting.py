"""The pass that writes predictions: each row by hand, classes by name, broken images, and interruptions."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_evaluation import CLASSES, noisy_pictures, random_checkpoint

from core import checkpoint, evaluation_parts
from core.data.image_set import ImageSet
from core.data.sources.folders import SOURCE
from core.errors import DataError
from core.evaluation_pass import Resources, evaluate
from core.predicting import METRICS, PREDICTIONS, samples_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return random_checkpoint(tmp_path / "checkpoints")


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    return SOURCE.load(noisy_pictures(tmp_path / "data"))


def test_every_row_is_what_the_network_says_of_that_image(folder: Path, images: ImageSet) -> None:
    found = evaluate(folder, samples_of(checkpoint.read_card(folder), images, "all"))
    loaded, table = checkpoint.load(folder), pd.read_parquet(folder / PREDICTIONS)
    whole = [index for index, each in enumerate(images.sample_ids) if each != "mole/1.png"]
    assert table["sample_id"].tolist() == [images.sample_ids[index] for index in whole]
    assert (found["num_samples"], found["num_broken"]) == (10, 1)
    for row, index in zip(table.to_dict("records"), whole, strict=True):
        logits = loaded.model(loaded.card.preprocess.batch([images.image(index)]))[0].detach()
        name = images.class_names[images.labels[index]]
        assert CLASSES[row["label"]] == name
        assert row["predicted"] == int(logits.argmax())
        assert row["p_label"] == pytest.approx(float(logits.softmax(0)[row["label"]]), abs=1e-6)
        assert row["path"] == row["sample_id"]


def test_the_metrics_are_those_of_the_table(folder: Path, images: ImageSet) -> None:
    evaluate(folder, samples_of(checkpoint.read_card(folder), images, "all"))
    table, stored = pd.read_parquet(folder / PREDICTIONS), json.loads((folder / METRICS).read_text())
    assert stored["accuracy"] == (table["label"] == table["predicted"]).mean()
    assert stored["log_loss"] == pytest.approx(table["loss"].mean())
    assert stored["majority_baseline"] == 0.5
    assert stored["fingerprint"] == images.fingerprint
    matrix = pd.crosstab(table["label"], table["predicted"]).reindex(
        index=range(3), columns=range(3), fill_value=0
    )
    assert stored["confusion_matrix"] == matrix.to_numpy().tolist()


def test_an_interrupted_pass_goes_on_where_it_was(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_parts, "_ROWS", 3)
    samples = samples_of(checkpoint.read_card(folder), images, "all")

    def stop(done: int, _total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    assert not (folder / PREDICTIONS).exists()
    asked: list[int] = []

    def counted(index: int) -> Image.Image:
        asked.append(index)
        return images.image(index)

    evaluate(folder, replace(samples, images=replace(images, image=counted)))
    assert asked == [6, 7, 8, 9, 10]
    assert len(pd.read_parquet(folder / PREDICTIONS)) == 10
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json",
        "metrics.json",
        "model.safetensors",
        "predictions.parquet",
    ]


def test_parts_of_other_samples_are_not_taken(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_parts, "_ROWS", 3)
    samples = samples_of(checkpoint.read_card(folder), images, "all")

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    few = replace(samples, indices=samples.indices[5:])
    assert evaluate(folder, few)["num_samples"] == 5


def test_workers_change_nothing(folder: Path, images: ImageSet) -> None:
    samples = samples_of(checkpoint.read_card(folder), images, "all")
    evaluate(folder, samples)
    alone = pd.read_parquet(folder / PREDICTIONS)
    evaluate(folder, samples, Resources(workers=2))
    pd.testing.assert_frame_equal(alone, pd.read_parquet(folder / PREDICTIONS))


def test_a_class_that_the_checkpoint_does_not_know_is_named(folder: Path, images: ImageSet) -> None:
    card = replace(checkpoint.read_card(folder), class_names=("zebra", "apple", "gnu"))
    with pytest.raises(DataError, match="the checkpoint has no class 'mole'; it has zebra, apple, gnu"):
        samples_of(card, images, "all")


def test_a_split_that_is_not_there_names_those_that_are(folder: Path, images: ImageSet) -> None:
    with pytest.raises(DataError, match="no images in a split 'test'; there is val, all"):
        samples_of(checkpoint.read_card(folder), images, "test")


def test_images_none_of_which_can_be_read_are_an_error(folder: Path, images: ImageSet) -> None:
    samples = samples_of(checkpoint.read_card(folder), images, "all")
    broken = images.sample_ids.index("mole/1.png")
    with pytest.raises(DataError, match="none of the 1 images can be read"):
        evaluate(folder, replace(samples, indices=np.array([broken])))
