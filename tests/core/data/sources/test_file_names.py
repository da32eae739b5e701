"""Labels are read from file names: the word before the last number."""

from pathlib import Path

import pytest

from core.data.sources.folder import file_names
from core.errors import DataError
from tests.support.images.image_sets import counts, picture


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cat.0.jpg", "cat"),
        ("cat_12.png", "cat"),
        ("great_pyrenees-7.png", "great_pyrenees"),
        ("cat.jpg", None),
        ("cat0.jpg", None),
        ("7.jpg", None),
    ],
)
def test_a_label_precedes_the_last_number(name: str, label: str | None) -> None:
    assert file_names.label_of(name) == label


@pytest.mark.parametrize("below", ["", "train"])
def test_labels_are_read_from_names(tmp_path: Path, below: str) -> None:
    for name in ("cat.0.png", "cat.10.png", "cat.2.png", "dog_1.png"):
        picture(tmp_path / below / name)
    picture(tmp_path / "test1" / "1.png")
    found = file_names.SOURCE.find(tmp_path)
    assert found == tmp_path / below
    images = file_names.SOURCE.load(found)
    assert counts(images) == {"cat": 3, "dog": 1}
    assert list(images.sample_ids) == ["cat.0.png", "cat.2.png", "cat.10.png", "dog_1.png"]


@pytest.mark.parametrize("names", [["cat.0.png", "cat.1.png"], ["cat.0.png", "dog.0.png", "photo.png"]])
def test_names_of_one_label_or_without_one_are_no_labels(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        picture(tmp_path / name)
    assert file_names.SOURCE.find(tmp_path) is None
    with pytest.raises(DataError, match=r"has only the label 'cat'|got 'photo.png'"):
        file_names.SOURCE.load(tmp_path)
