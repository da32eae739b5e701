"""The report counts what is there, finds what was planted, and says nothing where nothing is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.image_set import Files, ImageSet, Pixels
from core.data.survey.image_facts import SurveyTable, survey
from core.data.survey.printed import lines
from core.data.survey.report import DataReport, report
from tests.support.paths import DATA

PETS = DATA / "oxford-iiit-pet" / "images"


def photo(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    areas = random.normal(128, 50, (4, 5, 3)).repeat(20, 0).repeat(20, 1)
    return np.clip(areas + random.normal(0, 8, areas.shape), 0, 255).astype(np.uint8)


def surveyed(images: ImageSet) -> SurveyTable:
    return SurveyTable.collect(survey(images, workers=2), len(images))


@pytest.fixture
def planted(tmp_path: Path) -> DataReport:
    """12 training, 4 validation and 3 test files: two broken, an exact, a near and a conflicting copy."""
    for index in range(16):
        Image.fromarray(photo(index)).save(tmp_path / f"{index:02}.jpg", quality=90)
    Image.fromarray(photo(20)).convert("RGBA").save(tmp_path / "08.jpg", "PNG")
    Image.fromarray(photo(21)).convert("P").save(tmp_path / "09.jpg", "PNG")
    Image.fromarray(photo(22)[..., 0].astype(np.uint16) * 256).save(tmp_path / "10.jpg", "PNG")
    (tmp_path / "02.jpg").write_bytes((tmp_path / "01.jpg").read_bytes()[:900])
    (tmp_path / "03.jpg").write_text("see the other folder")
    (tmp_path / "16.jpg").write_bytes((tmp_path / "00.jpg").read_bytes())
    Image.open(tmp_path / "01.jpg").resize((70, 56)).save(tmp_path / "17.jpg", quality=50)
    (tmp_path / "18.jpg").write_bytes((tmp_path / "04.jpg").read_bytes())
    names = [f"{index:02}.jpg" for index in range(19)]
    labels = np.array([0] * 17 + [0, 1])
    images = ImageSet("planted", ("cat", "dog"), labels, names, Files(tmp_path, names), "f00", root=tmp_path)
    train, val, test = np.array([*range(11), 18]), np.array([12, 13, 16, 17]), np.array([11, 14, 15])
    return report(images, surveyed(images), train=train, val=val, test=test)


def test_counts_leave_the_broken_out(planted: DataReport) -> None:
    assert planted.counts.tolist() == [[9, 4, 3], [1, 0, 0]]
    assert planted.imbalance == 16
    assert planted.majority_share == 16 / 17
    assert [name for name, _ in planted.broken] == ["02.jpg", "03.jpg"]
    assert planted.modes == {"RGB": 14, "RGBA": 1, "P": 1, "I;16": 1} | planted.modes
    assert sum(planted.modes.values()) == 17
    assert planted.sizes.widths == (70, 100, 100)
    assert planted.sizes.heights == (56, 80, 80)
    assert planted.sizes.num_distinct == 2


def test_copies_are_found_and_flagged(planted: DataReport) -> None:
    exact = {
        each.sample_ids: (each.splits, each.crosses_splits, each.labels_differ) for each in planted.exact
    }
    assert exact == {
        ("00.jpg", "16.jpg"): (("train", "val"), True, False),
        ("04.jpg", "18.jpg"): (("train", "train"), False, True),
    }
    assert [(each.sample_ids, each.splits) for each in planted.near] == [
        (("01.jpg", "17.jpg"), ("train", "val"))
    ]
    assert planted.num_near_within == 0
    assert planted.near_complete


def test_hints_are_sentences_about_what_matters(planted: DataReport) -> None:
    assert list(planted.hints) == [
        "2 broken files are skipped",
        "class 'dog' has 1 image, 'cat' 16: look at balanced accuracy, not only at accuracy",
        "there is no validation image of class 'dog'",
        "there is no test image of class 'dog'",
        "1 image is in both training and validation: the validation accuracy is too good",
        "1 validation image looks almost like an image in training: the validation accuracy is too good",
        "2 images have the same content but different labels: some of the labels are wrong",
    ]


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    pixels = np.stack([photo(seed) for seed in range(12)])
    names = [f"x/{index}" for index in range(12)]
    images = ImageSet("x", ("a", "b"), np.arange(12) % 2, names, Pixels(pixels), "0")
    found = report(images, surveyed(images), train=np.arange(8), val=np.arange(8, 12), test=np.arange(0))
    assert found.hints == ()
    assert found.imbalance == 1
    assert found.majority_share == 0.5
    assert not any(line.startswith("!") for line in lines(found))


def test_a_sample_in_two_splits_and_a_set_that_is_all_broken() -> None:
    images = ImageSet(
        "x", ("a",), np.zeros(2, np.int64), ["x/0", "x/1"], Pixels(np.zeros((2, 4, 4), np.uint8)), "0"
    )
    table = surveyed(images)
    with pytest.raises(ValueError, match="samples of 'val' are in another split too"):
        report(images, table, train=np.array([0, 1]), val=np.array([1]), test=np.arange(0))
    broken = replace(table, ok=np.zeros(2, bool), errors={0: "got nothing", 1: "got nothing"})
    found = report(images, broken, train=np.array([0]), val=np.array([1]), test=np.arange(0))
    assert found.counts.sum() == 0
    assert found.sizes.num_distinct == 0
    assert "2 broken files are skipped" in found.hints
    assert len(lines(found)) < 20


def test_a_thousand_classes_fit_a_terminal(planted: DataReport) -> None:
    counts = np.stack([np.arange(1000), np.zeros(1000), np.ones(1000)], axis=1).astype(np.int64)
    names = tuple(f"class {index}" for index in range(1000))
    text = lines(replace(planted, counts=counts, class_names=names))
    assert len(text) <= 40
    assert "... 990 more classes" in text
    rows = [line for line in text if line.startswith("class ")]
    assert len(rows) == 10
    assert len({len(row) for row in rows}) == 1
    assert rows[0].split() == ["class", "999", "999", "0", "1", "1,000"]


@pytest.mark.slow
@pytest.mark.skipif(not PETS.exists(), reason=f"there are no pets at {PETS}")
def test_pets_hold_five_photos_twice_in_other_encodings() -> None:
    names = [f"Abyssinian_{number}.jpg" for number in range(1, 180)]
    names = [name for name in names if (PETS / name).exists()]
    images = ImageSet(
        "pets", ("cat",), np.zeros(len(names), np.int64), names, Files(PETS, names), "0", root=PETS
    )
    train = np.arange(len(names))
    found = report(images, surveyed(images), train=train, val=train[:0], test=train[:0])
    assert found.num_near_within == 5
    assert not found.broken


def test_near_copies_within_a_split_are_listed_with_different_labels_first() -> None:
    """Images 8 and 9 are 0 and 1, a little brighter; image 9 has another label than image 1."""
    some = np.stack([photo(seed) for seed in range(8)])
    brighter = (some[:2].astype(np.int16) + 3).clip(0, 255).astype(np.uint8)
    names = [f"x/{index}" for index in range(10)]
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1])
    images = ImageSet("x", ("a", "b"), labels, names, Pixels(np.concatenate([some, brighter])), "0")
    found = report(images, surveyed(images), train=np.arange(10), val=np.arange(0), test=np.arange(0))
    assert [(each.sample_ids, each.labels_differ) for each in found.near_within] == [
        (("x/1", "x/9"), True),
        (("x/0", "x/8"), False),
    ]
    assert found.num_near_within == 2
    assert "1 pair of images looks almost the same, with different labels: check them" in found.hints
    assert "          x/1 (train), x/9 (train); labels differ" in lines(found)
