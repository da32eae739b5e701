"""A user's CSV file becomes metadata: joined by sample id, path or name, typed, refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest

from core.data.image_set import ImageSet
from core.errors import DataError
from core.predictions.properties.metadata import described

IDS = ("cat/1.png", "cat/2.png", "dog/3.png")


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    """Three images that nobody opens."""
    return ImageSet(
        "pets", ("cat", "dog"), np.array([0, 0, 1]), IDS, lambda _index: pytest.fail("opened"), "", tmp_path,
        metadata={"own": (1, 2, 3)},
    )  # fmt: skip


def _file(folder: Path, *lines: str, delimiter: str = ",") -> Path:
    path = folder / "more.csv"
    path.write_text("\n".join(lines).replace(",", delimiter), encoding="utf-8")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_are_joined_by_sample_id_in_any_order(images: ImageSet, tmp_path: Path, delimiter: str) -> None:
    path = _file(
        tmp_path, "camera,path,age", "a,dog/3.png,7", "b,./cat/1.png,NA", "c,other.png,1", delimiter=delimiter
    )
    given = described(images, path)
    assert given.images.metadata == {"own": (1, 2, 3), "camera": ["b", None, "a"], "age": [None, None, 7.0]}
    assert given.notes == ("samples without a row in 'more.csv': 1",)


def test_absolute_paths_and_names_of_files_are_known_too(images: ImageSet, tmp_path: Path) -> None:
    path = _file(tmp_path, "file,ward", *(f"{tmp_path / each},00{number}" for number, each in enumerate(IDS)))
    assert described(images, path).images.metadata["ward"] == ["000", "001", "002"]
    path = _file(tmp_path, "photo,ward", "3.png,x", "2.png,y", "1.png,z")
    assert described(images, path).images.metadata["ward"] == ["z", "y", "x"]


def test_columns_that_an_evaluation_makes_are_left_out(images: ImageSet, tmp_path: Path) -> None:
    given = described(
        images, _file(tmp_path, "path,label,brightness,site", *(f"{each},1,2,k" for each in IDS))
    )
    assert list(given.images.metadata) == ["own", "site"]
    assert given.notes == ("columns of 'more.csv' left out, as an evaluation has its own: label, brightness",)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["path,site", "x.png,k"],
            "none of the 1 rows of 'more.csv' is of a sample: the column 'path' has 'x",
        ),
        (["path,site", "cat/1.png,k", "cat/1.png,l"], "'cat/1.png' has two rows"),
        (["path,site", "cat/1.png"], "row 2 of 'more.csv' has 1 values; expected 2"),
        (["path,path", "cat/1.png,k"], "expected a name for each"),
        (["path,site"], "in 0 rows"),
        ([""], "is not a CSV file"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_a_sentence(
    images: ImageSet, tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        described(images, _file(tmp_path, *lines))
