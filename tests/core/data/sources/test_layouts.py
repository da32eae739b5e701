"""What folders mean, as they lie on people's disks: the classes and counts, or a question."""

from pathlib import Path

import pytest

from core.data.sources import catalogue
from core.data.sources.folder import layout
from core.data.sources.folder.layout import LayoutError, understand
from core.errors import DataError
from tests.support.images.image_folders import counts, planted

TRAIN = "train/ant/*2 train/bee/*3"
SPLIT = f"{TRAIN} val/ant/*1 val/bee/*1"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        # Parts by other names.
        (f"{TRAIN} Dev/ant/*1", "ant 3, bee 3; train 5, val 1"),
        ("training_set/ant/*2 training_set/bee/*2 test_set/ant/*1", "ant 3, bee 2; train 4, test 1"),
        ("training_set/training_set/a/*2 training_set/training_set/b/*1 test_set/test_set/a/*1",
         "a 3, b 1; train 3, test 1"),
        ("Training%Data/a/*2 Training%Data/b/*1 Validation%Data/a/*1", "a 3, b 1; train 3, val 1"),
        ("1_train/a/*2 1_train/b/*1 2_val/a/*1 3_test/b/*1", "a 3, b 2; train 3, val 1, test 1"),
        ("train2017/a/*2 train2017/b/*1 val2017/a/*1", "a 3, b 1; train 3, val 1"),
        ("TrainSet/a/*2 TrainSet/b/*1 TestSet/a/*1", "a 3, b 1; train 3, test 1"),
        ("seg_train/seg_train/a/*2 seg_train/seg_train/b/*1 seg_test/seg_test/b/*1 seg_pred/*4",
         "a 2, b 2; train 3, test 1"),
        ("flowers_train/a/*1 flowers_train/b/*1 flowers_val/b/*1", "a 1, b 2; train 2, val 1"),
        ("train/images/a/*1 train/images/b/*1 train/labels/1.txt val/images/a/*1 val/labels/1.txt",
         "a 2, b 1; train 2, val 1"),
        # What lies beside.
        (f"{TRAIN} runs/classify/*3", "ant 2, bee 3"),
        (f"{TRAIN} unlabeled/x/*3", "ant 2, bee 3"),
        (f"{SPLIT} anything/*3", "ant 3, bee 4; train 5, val 2"),
        (f"{SPLIT} extra/extra/train/ant/*3 README.md train.csv", "ant 3, bee 4; train 5, val 2"),
        ("images/train/a/*2 images/train/b/*1 images/val/a/*1 labels/1.png", "a 3, b 1; train 3, val 1"),
        ("images/a/*2 images/b/*1 masks/1.png annotations/1.xml", "a 2, b 1"),
        ("images/a/*2 images/b/*1 test/*3", "a 2, b 1"),
        ("a/images/*2 a/masks/*2 b/images/*1 b/masks/*1 b/notes.txt", "a 2, b 1"),
        ("dataset/train/a/*2 dataset/train/b/*1 README.md archive.zip", "a 2, b 1"),
        ("a/*2 b/*1 preview.png photo_1.png scan_2.png", "a 2, b 1"),
        ("a/*2 b/*1 labels.csv annotations/1.xml models/net.pt", "a 2, b 1"),
        ("data/preview.png data/a/*2 data/b/*1", "a 2, b 1"),
        (f"{TRAIN} test/*4", "ant 2, bee 3"),
        (f"{TRAIN} test/unknown/*4", "ant 2, bee 3"),
        ("a/*2 b/*1 test/a/*1 test/b/*1", "a 3, b 2; train 3, test 2"),
        ("color/train/*1 shape/train/*1", "color 1, shape 1"),
        ("Train/a/*2 Train/b/*1 train/a/*2 train/b/*1 test/a/*1", "a 3, b 1; train 3, test 1"),
        ("Train/a/*2 Train/b/*1 train/a/*2 train/b/*2 test/a/*1", "a 5, b 3; train 7, test 1"),
        # Classes by the names of something else.
        ("bus/*1 car/*2 train/*3", "bus 1, car 2, train 3"),
        ("valid/*1 invalid/*2", "invalid 2, valid 1"),
        ("mask/*1 no_mask/*2", "mask 1, no_mask 2"),
        ("runs/*1 walks/*2", "runs 1, walks 2"),
        ("0/*1 1/*2 10/*3", "0 1, 1 2, 10 3"),
        ("A/*1 a/*2", "A 1, a 2"),
        ("train_station/*1 test_tube/*2", "test_tube 2, train_station 1"),
        # Depth.
        ("data/animals/cat/*1 data/animals/dog/*2", "cat 1, dog 2"),
        ("cat/patient_1/*1 cat/patient_2/*1 dog/patient_3/*1 dog/patient_4/*2", "cat 2, dog 3"),
        ("cat/2021-03/*1 cat/2021-04/*1 dog/2022-01/*1", "cat 2, dog 1"),
        ("n01/images/*1 n02/images/*2", "n01 1, n02 2"),
        ("cat/train/*2 cat/test/*1 dog/train/*2 dog/test/*3", "cat 3, dog 5; train 4, test 4"),
        # Enough to evaluate on.
        ("val/ant/*1 val/bee/*1 test/ant/*1 test/bee/*2", "ant 2, bee 3; val 2, test 3"),
        (f"{TRAIN} test/ant/*1 test/bee/*1 test/cat/*1", "ant 3, bee 4, cat 1; train 5, test 3"),
        ("ant/*3", "ant 3"),
    ],
)  # fmt: skip
def test_a_folder_means_what_people_mean(tmp_path: Path, paths: str, expected: str) -> None:
    assert counts(catalogue.open_folder(planted(tmp_path, paths))) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (f"{TRAIN} cat/*1", {"parts": "ant 2, bee 3", "folders": "cat 1, train 5"}),
        (f"{TRAIN} more/ant/*1", {
            "parts": "ant 2, bee 3", "folders": "more 1, train 5", "subfolders": "ant 3, bee 3",
        }),
        ("a/*1 b/*2 test/*3", {"folders": "a 1, b 2, test 3", "parts": "a 1, b 2"}),
        ("a/*1 b/*2 results/*3", {"folders": "a 1, b 2, results 3", "parts": "a 1, b 2"}),
        ("images/a/*1 images/b/*1 extra/*3", {"folders": "extra 3, images 2", "subfolders": "a 1, b 1"}),
        ("yes/*1 no/*2 again/yes/*1 again/no/*2", {
            "folders": "again 3, no 2, yes 1", "parts": "no 2, yes 1",
        }),
        ("animals/cat/*1 animals/dog/*1 cars/bus/*2", {
            "folders": "animals 2, cars 2", "subfolders": "bus 2, cat 1, dog 1",
        }),
        ("fold1/a/*1 fold1/b/*1 fold2/a/*1 fold2/b/*1", {
            "folders": "fold1 2, fold2 2", "subfolders": "a 2, b 2",
        }),
        ("train/x/a/*1 train/x/b/*1 train/y/c/*1 val/x/a/*1", {
            "parts": "x 3, y 1; train 3, val 1", "parts-subfolders": "a 2, b 1, c 1; train 3, val 1",
        }),
        ("Cat/*1 cat/*2 dog/*1", {
            "folders,together": "cat 3, dog 1", "folders,apart": "Cat 1, cat 2, dog 1",
        }),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_asked_and_every_answer_can_be_chosen(
    tmp_path: Path, paths: str, expected: dict[str, str]
) -> None:
    planted(tmp_path, paths)
    with pytest.raises(LayoutError, match=f"can be read in {len(expected)} ways; choose one with --layout"):
        catalogue.open_folder(tmp_path)
    names = [each.name for each in understand(tmp_path).readings]
    assert {name: counts(catalogue.open_folder(tmp_path, layout=name)) for name in names} == expected


def test_the_question_has_the_counts(tmp_path: Path) -> None:
    with pytest.raises(LayoutError) as asked:
        catalogue.open_folder(planted(tmp_path, f"{TRAIN} cat/*1"))
    assert str(asked.value) == (
        f"'{tmp_path}' can be read in 2 ways; choose one with --layout: "
        "parts (2 classes: ant 2, bee 3; left out: 1 image in 'cat', which is no part of the data) "
        "or folders (2 classes: cat 1, train 5)"
    )


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (
            "bottle/train/good/*3 bottle/test/bad/*1 cable/train/good/*1",
            "several data sets: 'bottle', 'cable'",
        ),
        (
            "train/images/*3 train/masks/*3 val/images/*1 val/masks/*1",
            "no class folder; .* got images directly in",
        ),
        ("train/*4 train/_classes.csv valid/*2", "labels are not read from 'train/_classes.csv'"),
        (
            "*4 labels.csv",
            r"is not a folder of labelled images; .* \(labels are not read from 'labels.csv'\)",
        ),
    ],
)
def test_a_folder_without_classes_is_refused_in_words(tmp_path: Path, paths: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        catalogue.open_folder(planted(tmp_path, paths))


@pytest.mark.parametrize(
    ("paths", "known", "expected"),
    [
        ("ant/*1 bee/*2 test/*3", ("ant", "bee", "cat"), "ant 1, bee 2"),
        ("ant/*1 bee/*2 test/*3", ("ant", "bee", "test"), "ant 1, bee 2, test 3"),
        ("insects/ant/*1 insects/bee/*1 pets/cat/*1", ("ant", "bee", "cat"), "ant 1, bee 1, cat 1"),
        ("Ant/summer/*1 Ant/winter/*2", ("ant", "bee"), "Ant 3"),
        (f"{TRAIN} test/cat/*1", ("ant", "bee", "cat"), "ant 2, bee 3, cat 1; train 5, test 1"),
    ],
)
def test_the_classes_of_a_network_answer_the_question(
    tmp_path: Path, paths: str, known: tuple[str, ...], expected: str
) -> None:
    assert counts(catalogue.open_folder(planted(tmp_path, paths), known=known)) == expected


def test_an_unknown_layout_names_those_that_there_are(tmp_path: Path) -> None:
    planted(tmp_path, "a/*1 b/*1")
    with pytest.raises(DataError, match="no layout 'tree'; there is folders, parts, folders-parts, sub"):
        catalogue.open_folder(tmp_path, layout="tree")
    with pytest.raises(DataError, match="has no images in the layout 'subfolders'; omit --layout"):
        catalogue.open_folder(tmp_path, layout="subfolders")


def test_every_layout_has_a_sentence() -> None:
    assert set(layout.NAMES) == set(layout._BUILT)
