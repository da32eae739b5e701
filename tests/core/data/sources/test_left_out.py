"""No file vanishes uncounted: what is left out is counted by its reason."""

from pathlib import Path

from core.data.sources import catalogue
from core.data.sources.folder import listing
from tests.support.images.image_folders import counts, left_out, planted
from tests.support.images.image_sets import picture


def test_other_endings_of_what_can_be_read_count(tmp_path: Path) -> None:
    planted(tmp_path, "b/*1")
    for name in ("1.jfif", "2.jpe", "3.PJPEG", "4", "5.jpg_large", "Dr. No", "6.jpg~"):
        picture(tmp_path / "a" / name, kind="JPEG")
    for name, kind in (("7.dib", "BMP"), ("8.pbm", "PPM"), ("9.pnm", "PPM"), ("10.img", "TIFF")):
        picture(tmp_path / "a" / name, kind=kind)
    images = catalogue.open_folder(tmp_path)
    assert counts(images) == "a 11, b 1"
    assert all(images.image(index).size == (2, 3) for index in range(len(images)))


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    planted(tmp_path, "a/*1 b/*1 stray.png a/notes.txt a/more.txt README a/Thumbs.db")
    picture(tmp_path / "a" / "phone.heic", kind="PNG")
    assert left_out(catalogue.open_folder(tmp_path)) == {
        f".heic files {listing.NOT_OPENED}": 1,
        ".txt files": 2,
        listing.NO_ENDING: 1,
        listing.SYSTEM: 1,
        "images beside the class folders": 1,
    }


def test_what_lies_around_the_data_is_counted_too(tmp_path: Path) -> None:
    planted(tmp_path, "data/train/a/*2 data/train/b/*1 backup/train/a/*2 LICENSE.pdf data/preview.png")
    assert left_out(catalogue.open_folder(tmp_path)) == {
        "images in 'backup', which is no part of the data": 2,
        ".pdf files": 1,
        "images beside the class folders": 1,
    }


def test_images_of_a_public_data_set_that_it_does_not_list_are_counted(tmp_path: Path) -> None:
    planted(tmp_path, "cell_images/Parasitized/*1 cell_images/Uninfected/*2 cell_images/Other/*3")
    images = catalogue.open_folder(tmp_path)
    assert images.name == "malaria"
    assert left_out(catalogue.with_left_out(images)) == {"images without a label in malaria": 3}
