"""Every row of the table is what the network says of that image."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from core import error_log
from core.checkpoints import store
from core.checkpoints.paths import METRICS
from core.data.image_set import ImageSet
from core.errors import DataError
from core.passes.in_process import InProcess
from core.passes.progress import PassProgress
from core.predictions import evaluations
from core.predictions.evaluating import workplace
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.stored.tiny_evaluation import CLASSES
from tests.support.trainings.scarce_memory import room_for


def test_every_row_is_what_the_network_says_of_that_image(folder: Path, images: ImageSet) -> None:
    found = evaluate(folder, samples_of(store.read_card(folder), images, "all"))
    loaded, table = store.load(folder), pd.read_parquet(evaluations.find(folder).table)
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
    evaluate(folder, samples_of(store.read_card(folder), images, "all"))
    found = evaluations.find(folder)
    table, stored = pd.read_parquet(found.table), json.loads((found.folder / METRICS).read_text())
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
    monkeypatch.setattr(workplace, "_PART", 3)
    samples = samples_of(store.read_card(folder), images, "all")

    def stop(progress: PassProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    assert not evaluations.every(folder)
    asked: list[int] = []

    def counted(index: int) -> Image.Image:
        asked.append(index)
        return images.image(index)

    evaluate(folder, replace(samples, images=replace(images, image=counted)))
    assert asked == [6, 7, 8, 9, 10]
    assert len(pd.read_parquet(evaluations.find(folder).table)) == 10
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "card.json",
        "evaluations/data-all/evaluation.json",
        "evaluations/data-all/features.npy",
        "evaluations/data-all/metrics.json",
        "evaluations/data-all/predictions.parquet",
        "evaluations/data-all/properties.parquet",
        "model.safetensors",
    ]
    assert not (folder / "evaluations" / ".data-all").exists()


def test_parts_of_other_samples_are_not_taken(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workplace, "_PART", 3)
    samples = samples_of(store.read_card(folder), images, "all")

    def stop(_progress: PassProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    few = replace(samples, indices=samples.indices[5:])
    assert evaluate(folder, few)["num_samples"] == 5


def test_workers_change_nothing(folder: Path, images: ImageSet) -> None:
    samples = samples_of(store.read_card(folder), images, "all")
    evaluate(folder, samples)
    alone = pd.read_parquet(evaluations.find(folder).table)
    evaluate(folder, samples, InProcess(workers=2))
    pd.testing.assert_frame_equal(alone, pd.read_parquet(evaluations.find(folder).table))


def test_a_class_that_the_checkpoint_does_not_know_is_named(folder: Path, images: ImageSet) -> None:
    card = replace(store.read_card(folder), class_names=("wolf", "fox", "gnu"))
    with pytest.raises(DataError, match=r"the checkpoint has no class .*'mole'.*; it has wolf, fox, gnu"):
        samples_of(card, images, "all")


def test_images_of_classes_that_the_checkpoint_does_not_know_are_left_out_and_counted(
    folder: Path, images: ImageSet
) -> None:
    card = replace(store.read_card(folder), class_names=("wolf", "mole", "gnu"))
    samples = samples_of(card, images, "all")
    moles = images.labels == images.class_names.index("mole")
    assert samples.indices.tolist() == np.flatnonzero(moles).tolist()
    assert set(samples.labels[samples.indices].tolist()) == {1}
    (left_out,) = samples.unknown
    assert left_out.num_files == len(images) - moles.sum()
    assert "classes that the network does not know: 'apple'" in str(left_out)


def test_an_evaluation_says_how_many_images_it_does_not_count(folder: Path, images: ImageSet) -> None:
    names = tuple("other" if name == "apple" else name for name in images.class_names)
    strange = replace(images, class_names=names)
    evaluate(folder, samples_of(store.read_card(folder), strange, "all"))
    facts = evaluations.find(folder).facts
    assert facts.num_unknown == (images.labels == images.class_names.index("apple")).sum() > 0
    assert facts.num_images == len(images) - facts.num_unknown - 1  # One is broken.


def test_a_split_that_is_not_there_names_those_that_are(folder: Path, images: ImageSet) -> None:
    published = replace(images, published=np.full(len(images), "train"))
    with pytest.raises(DataError, match="no images in a split 'test'; there is train, all"):
        samples_of(store.read_card(folder), published, "test")


def test_images_without_a_split_are_the_one_that_is_asked_for(folder: Path, images: ImageSet) -> None:
    """A folder that is only ``test`` is evaluated as the test images."""
    samples = samples_of(store.read_card(folder), images, "test")
    assert len(samples.indices) == len(images)
    assert set(samples.splits.tolist()) == {"test"}


def test_images_none_of_which_can_be_read_are_an_error(folder: Path, images: ImageSet) -> None:
    samples = samples_of(store.read_card(folder), images, "all")
    broken = images.sample_ids.index("mole/1.png")
    with pytest.raises(DataError, match=r"none of the 1 images of '.*' can be read"):
        evaluate(folder, replace(samples, indices=np.array([broken])))


def test_without_memory_for_a_batch_the_rows_are_the_same(folder: Path, images: ImageSet) -> None:
    samples = samples_of(store.read_card(folder), images, "all")
    evaluate(folder, samples, keep=Keep("whole"))
    with room_for(3) as tried:
        evaluate(folder, samples, keep=Keep("pieces"))
    assert set(tried) == {10, 5, 2, 1}
    tables = [pd.read_parquet(evaluations.find(folder, name).table) for name in ("whole", "pieces")]
    pd.testing.assert_frame_equal(*tables, rtol=0, atol=1e-6)


def test_without_memory_for_one_image_an_evaluation_ends_with_a_sentence(
    folder: Path, images: ImageSet
) -> None:
    with room_for(0), pytest.raises(torch.OutOfMemoryError) as raised:
        evaluate(folder, samples_of(store.read_card(folder), images, "all"))
    assert str(error_log.sentence(raised.value)).startswith("there is not enough memory for this")
