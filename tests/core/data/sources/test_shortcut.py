"""The backgrounds of the shortcut agree with the classes in training only, and masks lie on the digits."""

import inspect

import numpy as np
import pytest

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.public import shortcut
from core.errors import DataError


@pytest.fixture(scope="module")
def images() -> ImageSet:
    return catalogue.load("shortcut")


def agreeing(images: ImageSet, part: str) -> list[float]:
    """For each class the share of its images in a part that lie on the class's own background."""
    backgrounds = np.array(images.metadata["background"])
    own = np.where(images.labels < 5, "grass", "brick") == backgrounds
    return [own[(images.published == part) & (images.labels == label)].mean() for label in range(10)]


@pytest.mark.slow
def test_in_training_each_class_lies_on_its_own_background_and_elsewhere_on_both(images: ImageSet) -> None:
    assert agreeing(images, "train") == pytest.approx([0.97] * 10, abs=0.006)
    for part in ("val", "test"):
        assert agreeing(images, part) == pytest.approx([0.5] * 10, abs=0.02)


def test_a_held_out_digit_is_no_training_image(images: ImageSet) -> None:
    """Each training digit is there three times, each other one once; 400 are for validation, 400 for test."""
    counts = {part: int((images.published == part).sum()) for part in ("train", "val", "test")}
    assert counts == {"train": 3 * 997, "val": 400, "test": 400}
    assert set(images.published[1_797:].tolist()) == {"train"}


@pytest.mark.slow
def test_the_share_of_agreeing_backgrounds_can_be_set() -> None:
    assert agreeing(shortcut.images(0.5), "train") == pytest.approx([0.5] * 10, abs=0.006)
    with pytest.raises(ValueError, match=r"must lie in 0 to 1, got 1\.5"):
        shortcut.images(1.5)


@pytest.mark.slow
def test_settings_may_follow_the_name_of_the_data_set() -> None:
    images = catalogue.load("shortcut?agreeing=0.5&seed=2")
    assert images.name == "shortcut?agreeing=0.5&seed=2"
    assert images.fingerprint == shortcut.images(0.5, 2).fingerprint
    for odd, message in {
        "agreeing=2": "must lie in 0 to 1, got 2.0",
        "agreeing=much": "could not convert string to float: 'much'",
        "share=0.9": "shortcut has no setting 'share'; there is agreeing, seed",
    }.items():
        with pytest.raises(DataError, match=message):
            catalogue.load(f"shortcut?{odd}")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_pixels_and_another_seed_others(images: ImageSet) -> None:
    drawn = inspect.unwrap(shortcut.images)  # Not the images that all tests share.
    assert drawn().fingerprint == images.fingerprint
    assert drawn(seed=1).fingerprint != images.fingerprint


def test_outside_the_mask_of_a_digit_there_is_only_its_texture(images: ImageSet) -> None:
    """The textures are grey and ink has a tint: where opacity is 0, red, green and blue are equal."""
    assert images.mask is not None
    for index in range(0, len(images), 100):
        pixels, mask = np.asarray(images.image(index), int), images.mask(index)
        rows, columns = np.nonzero(mask)
        spread = pixels.max(2) - pixels.min(2)
        assert np.ptp(rows) < 44
        assert np.ptp(columns) < 44
        far = np.ones_like(mask)
        far[max(rows.min() - 12, 0) : rows.max() + 12, max(columns.min() - 16, 0) : columns.max() + 16] = (
            False
        )
        assert not spread[far].any()
