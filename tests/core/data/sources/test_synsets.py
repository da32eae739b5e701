"""Photos of ImageNet are labelled by the synset in front of their names."""

from pathlib import Path

import pytest

from core.data.sources import catalogue
from core.data.sources.public import synsets
from tests.support.images.image_sets import counts, picture
from tests.support.paths import DATA


@pytest.mark.parametrize("below", ["", "val"])
def test_photos_of_imagenet_are_labelled_by_the_synset_in_front(tmp_path: Path, below: str) -> None:
    """Whatever follows: a word, or the number that the publisher has given."""
    for name in ("n02123045_tabby.JPEG", "n02123045_tiger_cat_2.JPEG", "n02012849_17.JPEG"):
        picture(tmp_path / below / name)
    found = synsets.SOURCE.find(tmp_path)
    assert found == tmp_path / below
    images = synsets.SOURCE.load(found)
    assert counts(images) == {"n02012849": 1, "n02123045": 2}
    assert catalogue.recognise(tmp_path) == "synsets"
    picture(tmp_path / below / "n123_tabby.JPEG")
    assert synsets.SOURCE.find(tmp_path) is None


def test_250_photos_of_imagenet() -> None:
    folder = DATA / "imagenet-photos"
    if not folder.exists():
        pytest.skip(f"there are no photos in {folder}")
    assert catalogue.recognise(folder) == "synsets"
    images = catalogue.load("synsets", folder)
    assert (len(images), len(images.class_names), images.class_names[0]) == (250, 250, "n01443537")
