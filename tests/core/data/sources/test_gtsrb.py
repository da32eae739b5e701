"""Traffic signs keep their tracks together, in both layouts of GTSRB."""

import csv
from pathlib import Path

import numpy as np
import pytest

from core.data.sources import catalogue
from core.data.sources.public import gtsrb
from tests.support.images.image_sets import counts, parts, picture, real
from tests.support.paths import DATA


def test_gtsrb_has_its_tracks_as_groups() -> None:
    images = real("gtsrb")
    assert set(np.bincount(images.labels).tolist()) == {120}
    assert (len(images), len(images.class_names), images.class_names[14]) == (5_160, 43, "Stop")
    assert images.groups is not None
    slow = {path.rsplit("_", 1)[0] for path in images.sample_ids}
    assert int(images.groups.max()) + 1 == len(slow)
    assert all(len(set(images.labels[images.groups == group])) == 1 for group in range(50))


def write_gtsrb(root: Path, train: str) -> None:
    for number in (0, 14):
        for track in range(2):
            for frame in range(3):
                picture(root / train / f"{number:05}" / f"{track:05}_{frame:05}.ppm")
    for index in range(2):
        picture(root / "Final_Test" / "Images" / f"{index:05}.ppm")


def write_answers(folder: Path) -> None:
    with (folder / "GT-final_test.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([["Filename", "Width", "ClassId"], ["00000.ppm", 9, 14], ["00001.ppm", 9, 0]])


@pytest.mark.parametrize("train", ["Training", "Final_Training/Images"])
def test_both_layouts_of_gtsrb_give_the_same(tmp_path: Path, train: str) -> None:
    write_gtsrb(tmp_path / "gtsrb" / "GTSRB", train)
    write_answers(tmp_path / "gtsrb")
    images = catalogue.load("gtsrb", tmp_path)
    assert counts(images) == {"Speed limit (20km/h)": 7, "Stop": 7}
    assert parts(images) == {"test": 2, "train": 12}
    assert images.groups is not None
    assert np.bincount(images.groups).tolist() == [3, 3, 3, 3, 1, 1]


def test_the_test_images_of_gtsrb_are_left_out_without_their_answers(tmp_path: Path) -> None:
    write_gtsrb(tmp_path / "GTSRB", "Final_Training/Images")
    images = catalogue.load("gtsrb", tmp_path)
    assert (len(images), images.published) == (12, None)


def test_the_built_in_names_of_signs_are_those_of_the_table() -> None:
    table = DATA / "gtsrb" / "signnames.csv"
    if not table.is_file():
        pytest.skip(f"there is no {table}")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["SignName"] for row in rows] == list(gtsrb._SIGNS)
