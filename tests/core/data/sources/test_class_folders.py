"""A folder of class folders gives the classes, parts and fingerprint that its files say."""

from pathlib import Path

import pytest

from core.data.sources.folder import class_folders
from core.data.trainable import refuse_untrainable
from core.errors import DataError
from tests.support.images.image_folders import planted
from tests.support.images.image_sets import counts, parts, picture


def test_classes_are_folders_in_natural_order(tmp_path: Path) -> None:
    for name in ("10", "2", "b", "A"):
        picture(tmp_path / name / "x.png")
    assert class_folders.SOURCE.load(tmp_path).class_names == ("2", "10", "A", "b")


def test_an_image_at_any_depth_belongs_to_the_class_folder(tmp_path: Path) -> None:
    for path in ("train/cat/1.png", "train/cat/sub/deep/2.png", "train/dog/3.png", "val/dog/4.png"):
        picture(tmp_path / path)
    images = class_folders.SOURCE.load(tmp_path)
    assert counts(images) == {"cat": 2, "dog": 2}
    assert list(images.sample_ids) == [
        "train/cat/1.png",
        "train/cat/sub/deep/2.png",
        "train/dog/3.png",
        "val/dog/4.png",
    ]
    assert parts(images) == {"train": 3, "val": 1}


@pytest.mark.parametrize("above", ["", "data", "some/dir", "data/train"])
@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_parts_are_found_below_any_chain_of_folders(tmp_path: Path, above: str, val: str) -> None:
    for split in ("Train", val, "test"):
        for name in ("cat", "dog"):
            picture(tmp_path / above / split / name / "1.png")
    images = class_folders.SOURCE.load(tmp_path)
    assert parts(images) == {"test": 2, "train": 2, "val": 2}
    assert images.class_names == ("cat", "dog")


def test_the_fingerprint_is_the_same_from_the_folder_and_from_above_it(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        picture(tmp_path / "data" / "pets" / name / "1.png")
    below, above = class_folders.SOURCE.load(tmp_path / "data" / "pets"), class_folders.SOURCE.load(tmp_path)
    assert (below.fingerprint, below.sample_ids) == (above.fingerprint, above.sample_ids)


def test_the_fingerprint_changes_with_contents_and_with_names(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        picture(tmp_path / name / "1.png")
    prints = {class_folders.SOURCE.load(tmp_path).fingerprint}
    picture(tmp_path / "cat" / "1.png", grey=200)
    prints.add(class_folders.SOURCE.load(tmp_path).fingerprint)
    (tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "2.png")
    prints.add(class_folders.SOURCE.load(tmp_path).fingerprint)
    assert len(prints) == 3


def test_hidden_files_and_files_that_are_no_images_are_left_out(tmp_path: Path) -> None:
    for path in ("cat/1.PNG", "dog/1.png", "cat/.hidden.png", "cat/.git/x.png", "__MACOSX/cat/1.png"):
        picture(tmp_path / path)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    assert counts(class_folders.SOURCE.load(tmp_path)) == {"cat": 1, "dog": 1}


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("bus", "car", "train"):
        picture(tmp_path / name / "1.png")
    images = class_folders.SOURCE.load(tmp_path)
    assert counts(images) == {"bus": 1, "car": 1, "train": 1}
    assert images.published is None


def test_a_test_part_without_labels_is_left_out(tmp_path: Path) -> None:
    for path in ("train/cat/1.png", "train/dog/1.png", "test/unknown/1.png", "test/2.png"):
        picture(tmp_path / path)
    images = class_folders.SOURCE.load(tmp_path)
    assert counts(images) == {"cat": 1, "dog": 1}
    assert images.published is None


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["cat/1.png"], "has the class folder 'cat' only; expected ROOT/CLASS/IMAGE .* two classes or more"),
        (["cat/1.png", "dog/1.txt", "emu/1.png"], "class folders without an image: 'dog'; fill or remove"),
        (
            ["train/a/1.png", "train/b/1.png", "val/a/1.png", "val/c/1.png"],
            "the class 'c' in val but not in train",
        ),
    ],
)
def test_what_is_enough_to_evaluate_on_may_not_be_enough_to_train(
    tmp_path: Path, paths: list[str], message: str
) -> None:
    planted(tmp_path, " ".join(paths))
    images = class_folders.SOURCE.load(tmp_path)
    assert len(images) == sum(path.endswith(".png") for path in paths)
    with pytest.raises(DataError, match=message):
        refuse_untrainable(images)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (
            ["train/1.png", "test/2.png"],
            "has no class folder; expected ROOT/CLASS/IMAGE .* got images directly in 'test', 'train'",
        ),
        (
            ["1.png", "labels.csv"],
            "has no class folder; expected .* labels are not read from 'labels.csv'",
        ),
        (
            ["images/1.png", "labels/1.txt"],
            "has no class folder; expected .* got images directly in 'images'",
        ),
        (
            ["notes/1.txt", "dog/1.txt"],
            "has class folders without images: 'dog', 'notes'; add images to them",
        ),
    ],
)
def test_a_layout_without_classes_is_refused_in_words(tmp_path: Path, paths: list[str], message: str) -> None:
    planted(tmp_path, " ".join(paths))
    with pytest.raises(DataError, match=message):
        class_folders.SOURCE.load(tmp_path)


def test_the_pixels_of_a_file_come_back(tmp_path: Path) -> None:
    for grey, name in enumerate(("cat", "dog")):
        picture(tmp_path / name / "1.png", grey=grey * 100)
    images = class_folders.SOURCE.load(tmp_path)
    assert [images.image(index).getpixel((0, 0)) for index in (0, 1)] == [(0, 0, 0), (100, 100, 100)]
    assert images.path(1) == tmp_path / "dog" / "1.png"
