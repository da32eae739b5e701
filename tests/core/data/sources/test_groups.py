"""Frames of a sign and cells of a patient stay in one part."""

from pathlib import Path

import numpy as np
import pytest

from core.data.sources import catalogue
from core.data.splits import published_split
from tests.support.images.image_folders import counts, planted
from tests.support.images.image_sets import picture


def test_frames_of_a_sign_stay_whole_in_the_layout_of_kaggle(tmp_path: Path) -> None:
    for number in (0, 14):
        for track in range(4):
            for frame in range(5):
                picture(tmp_path / f"Train/{number}/{number:05}_{track:05}_{frame:05}.png")
    planted(tmp_path, "Test/00000.png Test/00001.png Meta/0.png")
    (tmp_path / "Test.csv").write_text("Width,ClassId,Path\n2,14,Test/00000.png\n")
    images = catalogue.open_folder(tmp_path)
    assert (images.name, counts(images)) == ("gtsrb", "Speed limit (20km/h) 20, Stop 21; train 40, test 1")
    split = published_split(images, 0.25, 0)
    tracks = [{images.sample_ids[at].rpartition("_")[0] for at in side} for side in (split.train, split.val)]
    assert [len(each) for each in tracks] == [6, 2]
    assert tracks[0].isdisjoint(tracks[1])
    alone = catalogue.open_folder(tmp_path / "Train")
    assert alone.groups is not None
    assert (counts(alone), len(np.unique(alone.groups))) == ("0 20, 14 20", 8)


@pytest.mark.parametrize("names", [("Train/0", "Train/14"), ("0", "14"), ("stop", "yield"), ("1", "15")])
def test_frames_stay_whole_beside_other_images_and_under_other_names(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for number, name in zip((0, 14), names, strict=True):
        for track in range(4):
            for frame in range(2):
                picture(tmp_path / f"{name}/{number:05}_{track:05}_{frame:05}.png")
        picture(tmp_path / f"{name}/0-added.png")
    (tmp_path / "Test.csv").write_text("ClassId,Path\n14,Test/00000.png\n")  # Without the images.
    images = catalogue.open_folder(tmp_path)
    assert images.groups is not None
    tracks: dict[int, set[str]] = {}
    for group, sample_id in zip(images.groups.tolist(), images.sample_ids, strict=True):
        tracks.setdefault(group, set()).add(sample_id.rpartition("_")[0])
    assert (len(images), len(tracks)) == (18, 10)
    assert all(len(each) == 1 for each in tracks.values())


def test_the_folder_of_a_patient_stays_whole(tmp_path: Path) -> None:
    planted(tmp_path, "sick/patient_1/*2 sick/patient_2/*3 well/patient_1/*1 well/patient_3/*2 well/1.png")
    images = catalogue.open_folder(tmp_path)
    assert images.groups is not None
    together = {images.groups[index]: set() for index in range(len(images))}  # type: ignore[var-annotated]
    for index, sample_id in enumerate(images.sample_ids):
        together[images.groups[index]].add(sample_id.split("/")[1])
    assert sorted(map(sorted, together.values())) == [["1.png"], ["patient_1"], ["patient_2"], ["patient_3"]]
