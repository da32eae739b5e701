"""What holds for every source: sample names, tables that stay inside their folder, missing folders."""

from pathlib import Path

import numpy as np
import pytest

from core.data.sources import catalogue
from core.data.sources.folder import listing
from core.errors import DataError
from tests.support.images.image_sets import counts, real


@pytest.mark.parametrize("source", catalogue.SOURCES.values(), ids=lambda source: source.name)
@pytest.mark.parametrize("folder", ["missing", "x" * 5_000, "file.txt"])
def test_find_never_raises(tmp_path: Path, source: catalogue.Source, folder: str) -> None:
    (tmp_path / "file.txt").write_text("a file")
    assert source.find(tmp_path / folder) is None or source.is_embedded


def test_dogs_vs_cats_leaves_out_what_has_no_label() -> None:
    assert counts(real("dogs-vs-cats")) == {"cat": 400, "dog": 400}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["mnist", "pets-breeds", "dogs-vs-cats", "gtsrb", "malaria", "tiny-imagenet", "digits", "shortcut"],
)
def test_every_sample_has_a_name_of_its_own_and_opens(name: str) -> None:
    images = real(name)
    assert len(set(images.sample_ids)) == len(images)
    for index in np.linspace(0, len(images) - 1, 20).astype(int).tolist():
        assert images.image(index).mode == "RGB"


@pytest.mark.parametrize("outside", ["../secret.png", "/etc/secret.png", "a/../../secret.png"])
def test_a_table_that_leads_out_of_its_data_set_is_refused(tmp_path: Path, outside: str) -> None:
    found = listing.Listing(("a", "b"), ["a/1.png", outside], [0, 1])
    with pytest.raises(DataError, match=r"names '.*secret\.png', which is outside; remove this entry"):
        listing.image_set("gtsrb", tmp_path, found)


def test_numbers_in_names_sort_by_value() -> None:
    assert sorted(["img10", "img9", "Img10", "a", "7"], key=listing.natural) == [
        "7",
        "a",
        "img9",
        "Img10",
        "img10",
    ]


def test_a_folder_that_goes_while_it_is_listed_is_away(tmp_path: Path) -> None:
    found = listing.Listing(("ant", "bee"), ["ant/1.png", "bee/1.png"], [0, 1])
    with pytest.raises(DataError, match=r"the folder '.*gone' is missing; connect its disk"):
        listing.image_set("folder", tmp_path / "gone", found)
