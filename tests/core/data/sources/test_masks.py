"""The object of a photo: from trimaps, tables of boxes, and folders of masks."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.sources.masks import Mask, mask_of
from core.errors import DataError
from tests.support.images.image_sets import picture, real

SIZE = (2, 3)  # Of `picture`.
KINDS = np.array([[1, 2], [3, 1], [2, 2]], np.uint8)
HEAD = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
BOX = [[0, 0], [0, 1], [0, 1]]  # Of Roi 1, 1, 2, 3.


def _photo(path: Path) -> Path:
    picture(path)
    return path


def _grey(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def _mask(photo: Path, folder: Path | None = None) -> Mask:
    mask = mask_of(photo, SIZE, folder)
    assert mask is not None
    return mask


# Trimaps.


def test_a_trimaps_outline_is_not_sure(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "images" / "Bengal_1.jpg")
    _grey(tmp_path / "annotations" / "trimaps" / "Bengal_1.png", KINDS)
    mask = _mask(photo)
    assert mask.inside.tolist() == (KINDS == 1).tolist()
    assert mask.sure.tolist() == (KINDS != 3).tolist()


def test_the_trimaps_of_real_pets_have_their_photos_size_and_an_animal() -> None:
    pets = real("pets-breeds")
    shares = []
    for index in range(0, len(pets), 60):
        path = pets.path(index)
        assert path is not None
        mask = mask_of(path, pets.image(index).size)
        assert mask is not None
        shares.append(mask.inside.mean())
        assert 0.01 < 1 - mask.sure.mean() < 0.4
    assert 0.05 < min(shares) < max(shares) < 0.9


# Boxes.


def test_a_traffic_signs_box_ends_before_its_right_and_lower_edge(tmp_path: Path) -> None:
    folder = tmp_path / "Final_Training" / "Images" / "00014"
    photo = _photo(folder / "00000_00007.ppm")
    (folder / "GT-00014.csv").write_text(f"{HEAD}\n00000_00007.ppm;2;3;1;1;2;3;14\n")
    mask = _mask(photo)
    assert mask.inside.astype(int).tolist() == BOX
    assert mask.sure.all()


@pytest.mark.parametrize(
    "table", ["GT-final_test.csv", "Final_Test/Images/GT-final_test.test.csv", "../GT-final_test.csv"]
)
def test_boxes_of_test_photos_are_in_the_table_of_answers(tmp_path: Path, table: str) -> None:
    photo = _photo(tmp_path / "GTSRB" / "Final_Test" / "Images" / "00003.ppm")
    (tmp_path / "GTSRB" / table).write_text(f"{HEAD}\n00003.ppm;2;3;1;1;2;3;14\n")
    assert _mask(photo).inside.astype(int).tolist() == BOX


@pytest.mark.parametrize("name", ["Train/14/00014_00000_00007.png", "Test/00003.png"])
def test_kaggles_tables_name_photos_by_their_path(tmp_path: Path, name: str) -> None:
    photo, part = _photo(tmp_path / name), name.partition("/")[0]
    head = HEAD.partition(";")[2].replace(";", ",")
    (tmp_path / f"{part}.csv").write_text(f"{head},Path\n2,3,1,1,2,3,14,{name}\n")
    assert _mask(photo).inside.astype(int).tolist() == BOX


def test_real_traffic_signs_have_a_margin_around_their_boxes() -> None:
    """At least 5 pixels on each side, up to rounding (Stallkamp 2012, section II)."""
    signs = real("gtsrb")
    for index in range(0, len(signs), 600):
        path = signs.path(index)
        assert path is not None
        mask = mask_of(path, signs.image(index).size)
        assert mask is not None
        for axis in (0, 1):
            covered = np.flatnonzero(mask.inside.any(axis))
            margins = covered[0], len(mask.inside.any(axis)) - 1 - covered[-1]
            assert min(margins) >= 4
            assert abs(margins[0] - margins[1]) <= 2 + len(covered) // 4


def test_a_table_that_has_changed_is_read_again(tmp_path: Path) -> None:
    photo, table = _photo(tmp_path / "00014" / "1.ppm"), tmp_path / "00014" / "GT-00014.csv"
    sums = []
    for stamp, right in enumerate((1, 2)):
        table.write_text(f"{HEAD}\n1.ppm;2;3;0;0;{right};3;14\n")
        os.utime(table, ns=(stamp, stamp))
        sums.append(_mask(photo).inside.sum())
    assert sums == [3, 6]


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "00014" / "1.ppm")
    (tmp_path / "00014" / "GT-00014.csv").write_text(f"{HEAD}\n1.ppm;2;3;zero;0;2;3;14\n")
    with pytest.raises(DataError, match=r"the table of boxes '.*GT-00014.csv' is damaged; unpack it again"):
        mask_of(photo, SIZE)


# A folder of masks.


@pytest.mark.parametrize("name", ["cats/1.png", "1.png", "1.gif", "cats/1.tiff"])
def test_a_mask_has_the_photos_name_whatever_its_ending(tmp_path: Path, name: str) -> None:
    photo = _photo(tmp_path / "photos" / "cats" / "1.jpg")
    _grey(tmp_path / "masks" / name, np.where(KINDS == 1, 255, 0).astype(np.uint8))
    mask = _mask(photo, tmp_path / "masks")
    assert mask.inside.tolist() == (KINDS == 1).tolist()
    assert mask.sure.all()


def test_a_class_folders_mask_goes_before_one_of_the_same_name_outside(tmp_path: Path) -> None:
    """Photos of two classes may both be called 1.jpg."""
    _grey(tmp_path / "masks" / "cats" / "1.png", np.full((3, 2), 255, np.uint8))
    _grey(tmp_path / "masks" / "1.png", np.zeros((3, 2), np.uint8))
    cat, dog = (_photo(tmp_path / kind / "1.jpg") for kind in ("cats", "dogs"))
    assert _mask(cat, tmp_path / "masks").inside.all()
    assert not _mask(dog, tmp_path / "masks").inside.any()


def test_a_folder_of_masks_goes_before_what_lies_beside_the_photo(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "images" / "1.jpg")
    _grey(tmp_path / "annotations" / "trimaps" / "1.png", KINDS)
    assert mask_of(photo, SIZE, tmp_path / "annotations") is None


def test_a_photo_is_not_its_own_mask(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "1.jpg")
    assert mask_of(photo, SIZE, tmp_path) is None
    _grey(tmp_path / "1.png", KINDS)
    assert _mask(photo, tmp_path).inside.all()


def test_a_photo_without_a_mask_has_none(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "Train" / "cats" / "1.jpg")
    (tmp_path / "Train.csv").write_text("Path,Label\nTrain/cats/1.jpg,cat\n")  # Not of boxes.
    (tmp_path / "Train" / "cats" / "GT-cats.csv").write_text(f"{HEAD}\nanother.jpg;2;3;0;0;1;1;0\n")
    assert mask_of(photo, SIZE) is None
    assert mask_of(photo, SIZE, tmp_path) is None


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "images" / "1.jpg")
    _grey(tmp_path / "masks" / "1.png", np.zeros((4, 5), np.uint8))
    with pytest.raises(DataError, match=r"of '.*1.png' is for 5 × 4 pixels; the photo has 2 × 3"):
        mask_of(photo, SIZE, tmp_path / "masks")
