"""The pass that writes predictions: each row by hand, classes by name, broken images, and interruptions."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.checkpoints import store
from core.checkpoints.paths import METRICS
from core.data.image_set import ImageSet
from core.data.sources.folder.class_folders import SOURCE
from core.errors import AwayImageError, DataError, ImageError
from core.files import regular
from core.models import imagenet
from core.passes.in_process import InProcess
from core.passes.progress import PassProgress
from core.predictions import evaluations
from core.predictions.evaluating import workplace
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import labels_for, open_images, samples_of
from tests.support.tiny_evaluation import CLASSES, noisy_pictures, random_checkpoint


@pytest.fixture
def folder() -> Path:
    return random_checkpoint()


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    return SOURCE.load(noisy_pictures(tmp_path / "data"))


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
        "evaluations/data-all/metrics.json",
        "evaluations/data-all/predictions.parquet",
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


# Data that go away, or are damaged by the dozen: nothing is replaced.


def _kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("workers", [0, 2])
def test_results_outlive_an_evaluation_whose_images_go_away(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(regular, "_PAUSES_S", (0.0, 0.0))
    samples = samples_of(store.read_card(folder), images, "all")
    evaluate(folder, samples)
    before = _kept(folder)
    (images.root / "mole").rename(images.root.parent / "mole")
    with pytest.raises(
        DataError, match=r"^cannot read '.*mole/0.png': there is no such file; connect its disk"
    ):
        evaluate(folder, samples, InProcess(workers=workers))
    images.root.rename(images.root.parent / "elsewhere")
    with pytest.raises(DataError, match=r"^the folder '.*' is missing; connect its disk, then start again$"):
        evaluate(folder, samples, InProcess(workers=workers))
    assert _kept(folder) == before
    (images.root.parent / "elsewhere").rename(images.root)
    (images.root.parent / "mole").rename(images.root / "mole")
    assert evaluate(folder, samples)["num_samples"] == 10


def test_an_image_that_is_away_for_a_moment_is_read_again(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular, "_PAUSES_S", (0.0, 0.0))
    failures = iter([True, True])

    def shaky(index: int) -> Image.Image:
        if index == 3 and next(failures, False):
            raise AwayImageError("cannot read: the share does not answer")
        return images.image(index)

    samples = samples_of(store.read_card(folder), replace(images, image=shaky), "all")
    assert evaluate(folder, samples)["num_samples"] == 10


@pytest.mark.parametrize(
    ("num_images", "num_broken", "stops"), [(20, 5, False), (20, 6, True), (300, 7, True)]
)
def test_more_damaged_images_than_a_few_stop_an_evaluation(
    folder: Path,
    num_images: int,
    num_broken: int,
    stops: bool,  # noqa: FBT001 (what is expected)
) -> None:
    def image(index: int) -> Image.Image:
        if index < num_broken:
            raise ImageError("got a file that is damaged")
        return Image.new("RGB", (8, 8))

    labels = np.arange(num_images) % 2
    many = ImageSet("many", CLASSES[:2], labels, [f"{index}" for index in range(num_images)], image, "0")
    samples = samples_of(store.read_card(folder), many, "all")
    if not stops:
        assert evaluate(folder, samples)["num_broken"] == num_broken
        return
    with pytest.raises(
        DataError, match=rf"^{num_broken} of {num_images} images of 'many' cannot be read, more than 2%"
    ):
        evaluate(folder, samples)
    assert not (folder / ".evaluation").exists()
    assert not (folder / METRICS).exists()


# Classes by name.


def _set_of(names: list[str]) -> ImageSet:
    """An image of each class, none of which can be opened."""
    labels = np.arange(len(names))
    return ImageSet(
        "names", tuple(names), labels, [str(each) for each in labels], image=_closed, fingerprint=""
    )


def _closed(_index: int) -> Image.Image:
    raise AssertionError


def test_classes_match_in_any_case_and_with_underscores() -> None:
    known = ("Tiger cat", "dog_house", "Crane", "crane", "owl", "owl")
    found = labels_for(_set_of(["dog house", "tiger_CAT", "crane", "Crane", "owl (5)"]), known)
    assert found.tolist() == [1, 0, 3, 2, 5]
    assert labels_for(_set_of(["CRANE", "owl", "Tiger Cat"]), known).tolist() == [-1, -1, 0]
    with pytest.raises(
        DataError, match=r"the checkpoint has no class 'CRANE', 'owl'; it has Tiger cat, dog_"
    ):
        labels_for(_set_of(["CRANE", "owl"]), known)
    with pytest.raises(DataError, match=r"no class 'a', 'b', 'c' and 2 more; it has"):
        labels_for(_set_of(list("abcde")), known)


def test_classes_of_imagenet_also_go_by_their_synsets() -> None:
    """WordNet: n02123045 is the tabby, n02123159 the tiger cat, n02012849 the bird among the cranes."""
    classes = imagenet.class_names()
    found = labels_for(_set_of(["n02123045", "tiger_cat", "n02012849", "n03126707"]), classes)
    assert [classes[index] for index in found] == ["tabby", "tiger cat", "crane (bird)", "crane (machine)"]
    assert labels_for(_set_of(imagenet.synsets()), classes).tolist() == list(range(1000))
    assert labels_for(_set_of(["n02123045", "n99999999"]), classes).tolist() == [281, -1]
    with pytest.raises(DataError, match="the checkpoint has no class 'n99999999'; it has tench, goldfish"):
        labels_for(_set_of(["n99999999"]), classes)


def test_a_thousand_other_classes_have_no_synsets() -> None:
    others = [f"class {index}" for index in range(1000)]
    with pytest.raises(DataError, match="the checkpoint has no class 'n02123045'"):
        labels_for(_set_of(["n02123045"]), others)
    # Somebody else's words for some of them make no difference.
    renamed = ["fish", *imagenet.class_names()[1:]]
    assert labels_for(_set_of(["n01440764", "fish"]), renamed).tolist() == [0, 0]


@pytest.mark.parametrize("layout", ["{synset}_{name}", "{synset}/1", "val/{synset}/1", "{name}/1"])
def test_the_built_in_network_knows_photos_in_any_layout(
    photos: list[Path], layout: str, tmp_path: Path
) -> None:
    """Eight photos, seven of which it has right; wrong labels would leave none."""
    for photo in photos[1:80:10]:
        synset, name = photo.stem.split("_", 1)
        target = tmp_path / "data" / f"{layout.format(synset=synset, name=name)}.JPEG"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(photo)
    folder = store.save("another", store.read_card(store.find("imagenet")), {})
    images = open_images(folder, tmp_path / "data")
    found = evaluate(folder, samples_of(store.read_card(folder), images, "val"))
    assert (found["num_samples"], found["majority_baseline"]) == (8, 1 / 8)
    assert found["accuracy"] >= 6 / 8
    assert found["top5_accuracy"] >= 7 / 8
