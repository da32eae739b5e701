"""Pictures of a data set on a page: large ones are shown, and those that were away for a moment come back."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.data.sources.folder.class_folders import SOURCE
from core.errors import ImageError
from core.evaluation.selection import Sample
from core.images import MAX_BYTES
from core.mistakes.sample_images import SampleImages, sample_images
from pages._ui.session.data import image_access
from pages._ui.session.question import photos

SAMPLE = Sample("", "", "val", 0, 0, 1.0, 1.0, 0.0, 1.0, ((0, 1.0),))
FIRST = replace(SAMPLE, sample_id="cat/1.png")


@pytest.fixture
def found(tmp_path: Path) -> SampleImages:
    for name in ("cat/1.png", "dog/2.png"):
        path = tmp_path / name
        path.parent.mkdir()
        Image.new("RGB", (60, 40), "red").save(path)
    return sample_images(SOURCE.load(tmp_path))


def test_a_picture_that_was_away_is_shown_when_it_is_back(found: SampleImages, tmp_path: Path) -> None:
    (tmp_path / "cat").rename(tmp_path / "away")
    assert image_access.thumbs(found, [FIRST]) == [None]
    (tmp_path / "away").rename(tmp_path / "cat")
    (thumb,) = image_access.thumbs(found, [FIRST])
    assert thumb is not None
    assert thumb.startswith(b"\xff\xd8")


@pytest.mark.slow
def test_a_picture_larger_than_an_upload_is_drawn_where_it_lies_here(
    found: SampleImages, tmp_path: Path
) -> None:
    with (tmp_path / "cat/1.png").open("ab") as file:
        file.write(bytes(MAX_BYTES))
    shown = image_access.photo(image_access.Pictures(found), FIRST)
    assert photos.drawn(shown).size == (60, 40)
    with pytest.raises(ImageError, match="larger than 20 MB"):
        photos.drawn(replace(shown, lies_here=False))
