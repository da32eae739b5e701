"""Class names are the same in any Unicode form and spelling, and folders of the system are none."""

import unicodedata
from pathlib import Path

import pytest

from core.data.sources import catalogue
from core.data.sources.folder import listing
from core.errors import DataError
from core.predictions.evaluating.samples import labels_for
from tests.support.images.image_folders import counts, left_out, planted
from tests.support.images.image_sets import picture


def test_unicode_forms_of_a_class_are_one_class(tmp_path: Path) -> None:
    """A folder from a Mac has é as two characters."""
    composed, apart = "café", unicodedata.normalize("NFD", "café")
    planted(tmp_path, f"{composed}/*2 {apart}/*1 tea/*1")
    images = catalogue.open_folder(tmp_path)
    assert counts(images) == "café 3, tea 1"
    assert all((tmp_path / each).is_file() for each in images.sample_ids)


def test_the_fingerprint_is_the_same_for_both_unicode_forms(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        planted(tmp_path / form, unicodedata.normalize(form, "café/*2 tea/ü.png"))
    one, other = (catalogue.open_folder(tmp_path / form) for form in ("NFC", "NFD"))
    assert (one.fingerprint, one.class_names) == (other.fingerprint, other.class_names)
    apart = [unicodedata.normalize("NFD", name) for name in ("Tea", "Café")]
    assert labels_for(one, apart).tolist() == [1, 1, 0]


def test_parts_may_spell_a_class_in_another_way(tmp_path: Path) -> None:
    planted(tmp_path, "train/Guinea_pig/*2 train/Dog/*1 val/guinea%pig/*1 val/dog/*1")
    assert counts(catalogue.open_folder(tmp_path)) == "Dog 2, Guinea_pig 3; train 3, val 2"


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "@SynoResource", "@appstore", "@sharebin", "#recycle", "~snapshot"),
        *("lost+found", "$RECYCLE.BIN", "RECYCLER", "Recycled", "System Volume Information", "FOUND.001"),
        *("WPSystem", "Config.Msi", "OneDriveTemp", "__MACOSX", ".git"),
    ],
)
def test_folders_of_the_system_are_no_classes(tmp_path: Path, name: str) -> None:
    planted(tmp_path, "a/*1 b/*1")
    for place in (tmp_path / name / "a", tmp_path / "a" / name):
        picture(place / "thumb.png")
    images = catalogue.open_folder(tmp_path)
    assert counts(images) == "a 1, b 1"
    assert left_out(images) == {listing.SYSTEM: 2}


@pytest.mark.parametrize(
    ("planted_as", "place"),
    [("cat/*3", "cat"), ("x/Guinea_Pig/*3", "x/Guinea_Pig"), ("x/cat_%.png*3", "x")],
)
def test_images_of_one_known_class_may_lie_right_in_the_folder(
    tmp_path: Path, planted_as: str, place: str
) -> None:
    if "%" in planted_as:
        for number in range(3):
            picture(tmp_path / place / f"cat_{number}.png")
    else:
        planted(tmp_path, planted_as)
    images = catalogue.open_folder(tmp_path / place, known=["dog", "cat", "guinea pig"])
    assert len(images) == 3
    assert len(images.class_names) == 1
    with pytest.raises(DataError):
        catalogue.open_folder(tmp_path / place, known=["dog", "bird"])
