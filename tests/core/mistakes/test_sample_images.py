"""Pictures by the names of samples: embedded ones, files, and names that lead elsewhere."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.sources import catalogue
from core.data.sources.folder.class_folders import SOURCE
from core.errors import ImageError
from core.evaluation.selection import Sample
from core.mistakes.sample_images import SampleImages, sample_images

SAMPLE = Sample("", "", "val", 0, 0, 1.0, 1.0, 0.0, 1.0, ((0, 1.0),))


def _named(name: str) -> Sample:
    return replace(SAMPLE, sample_id=name)


@pytest.fixture
def files(tmp_path: Path) -> SampleImages:
    for name, shade in (("cat/1.png", 10), ("dog/2.png", 200)):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True)
        Image.new("RGB", (6, 4), (shade,) * 3).save(path)
    (tmp_path / "secret.png").write_bytes((tmp_path / "data/cat/1.png").read_bytes())
    return sample_images(SOURCE.load(tmp_path / "data"))


def test_an_embedded_picture_comes_back_pixel_for_pixel() -> None:
    digits = catalogue.load("digits")
    found = sample_images(digits)
    for index in (0, 677, 1796):
        sample = _named(digits.sample_ids[index])
        with Image.open(io.BytesIO(found.file_of(sample))) as picture:
            np.testing.assert_array_equal(np.asarray(picture), np.asarray(digits.image(index)))
        np.testing.assert_array_equal(np.asarray(found.image_of(sample)), np.asarray(digits.image(index)))


def test_a_file_is_given_as_it_lies_there(files: SampleImages, tmp_path: Path) -> None:
    assert files.file_of(_named("dog/2.png")) == (tmp_path / "data/dog/2.png").read_bytes()
    assert files.image_of(_named("dog/2.png")).getpixel((0, 0)) == (200, 200, 200)


def test_a_sample_that_is_not_there_is_named(files: SampleImages) -> None:
    with pytest.raises(ImageError, match=r"cannot read '.*dog/3\.png'"):
        files.file_of(_named("dog/3.png"))
    with pytest.raises(ImageError, match="has no sample 'digits/99999'"):
        sample_images(catalogue.load("digits")).file_of(_named("digits/99999"))


@pytest.mark.parametrize("name", ["../secret.png", "cat/../../secret.png", "/etc/hostname"])
def test_a_name_never_leads_out_of_the_folder(files: SampleImages, name: str) -> None:
    with pytest.raises(ImageError, match="is not below the folder of the data set"):
        files.file_of(_named(name))
