"""Tiny ImageNet keeps its parts, and classes that share a name their number."""

from pathlib import Path

import pytest

from core.data.sources import catalogue
from core.errors import DataError
from tests.support.images.image_sets import counts, parts, picture, real


@pytest.mark.slow
def test_tiny_imagenet_keeps_its_parts() -> None:
    images = real("tiny-imagenet")
    assert parts(images) == {"train": 8_499, "val": 840}
    assert (len(images.class_names), images.class_names[0]) == (20, "goose")


def write_tiny_imagenet(root: Path) -> None:
    for wnid in ("n02", "n01", "n03"):
        picture(root / "train" / wnid / "images" / f"{wnid}_0.JPEG")
    picture(root / "val" / "images" / "val_0.JPEG")
    (root / "wnids.txt").write_text("n02\nn01\nn03\n")
    (root / "words.txt").write_text("n01\tcrane, bird\nn02\tgoose\nn03\tcrane, machine\nn04\tunused\n")
    (root / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn03\t0\t0\t9\t9\n")


def test_classes_of_tiny_imagenet_that_share_a_name_carry_their_number(tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path / "tiny-imagenet-200")
    images = catalogue.load("tiny-imagenet", tmp_path)
    assert counts(images) == {"crane (n01)": 1, "goose": 1, "crane (n03)": 2}
    assert parts(images) == {"train": 3, "val": 1}


def test_a_class_of_tiny_imagenet_without_images_is_named(tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path)
    (tmp_path / "train" / "n02" / "images" / "n02_0.JPEG").unlink()
    with pytest.raises(DataError, match=r"no image in '.*n02/images'; unpack tiny-imagenet again"):
        catalogue.load("tiny-imagenet", tmp_path)
