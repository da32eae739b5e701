"""Degraded photos: each kind changes what it says, by as much as it says."""

import io

import numpy as np
import pytest
from PIL import Image

from core.images.degrading import KINDS, degraded
from core.images.sample_photos import sample


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A cat, 451 x 300."""
    return Image.open(io.BytesIO(sample("chelsea.png"))).convert("RGB")


def _values(image: Image.Image) -> np.typing.NDArray[np.float64]:
    return np.asarray(image, np.float64)


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "jpeg"])
def test_the_value_of_the_photo_itself_changes_nothing(photo: Image.Image, kind: str) -> None:
    np.testing.assert_array_equal(_values(degraded(photo, kind, KINDS[kind].none)), _values(photo))


@pytest.mark.parametrize("kind", KINDS)
def test_each_step_is_farther_from_the_photo_than_the_one_before(photo: Image.Image, kind: str) -> None:
    worse = [degraded(photo, kind, value).resize(photo.size) for value in KINDS[kind].steps]
    distances = [np.abs(_values(each) - _values(photo)).mean() for each in worse]
    assert distances[0] > 0
    assert distances == sorted(distances)


def test_light_and_contrast_change_by_the_factor(photo: Image.Image) -> None:
    darker, flatter = degraded(photo, "brightness", 0.4), degraded(photo, "contrast", 0.4)
    assert _values(darker).mean() == pytest.approx(0.4 * _values(photo).mean(), rel=0.01)
    assert _values(flatter).std() == pytest.approx(0.4 * _values(photo).std(), rel=0.05)


def test_noise_has_its_deviation_and_depends_on_the_seed_only() -> None:
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    noisy = _values(degraded(grey, "noise", 10, seed=1))
    assert noisy.std() == pytest.approx(25.5, rel=0.02)
    np.testing.assert_array_equal(noisy, _values(degraded(grey, "noise", 10, seed=1)))
    assert (noisy != _values(degraded(grey, "noise", 10, seed=2))).any()


def test_half_the_resolution_is_half_the_width_and_height(photo: Image.Image) -> None:
    assert degraded(photo, "resolution", 50).size == (226, 150)
    assert degraded(Image.new("RGB", (3, 3)), "resolution", 12.5).size == (1, 1)


def test_blur_is_in_shares_of_the_shorter_side(photo: Image.Image) -> None:
    """A photo of twice the size, blurred and reduced, is the blurred photo."""
    twice = photo.resize((902, 600), Image.Resampling.BICUBIC)
    blurred = degraded(twice, "blur", 2).resize(photo.size, Image.Resampling.BOX)
    difference = np.abs(_values(blurred) - _values(degraded(photo, "blur", 2)))
    assert difference.mean() < 0.5
