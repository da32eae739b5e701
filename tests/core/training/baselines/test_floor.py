"""Baselines find what was planted in colours, and nothing where there is nothing to find."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from core.data.division import Division, divided
from core.data.image_set import ImageSet, Labels, Pixels
from core.errors import DataError
from core.training.baselines import floor as baselines
from core.training.baselines.floor import Floor, floor, lines, warnings
from core.training.baselines.looks import simple_looks
from tests.support.images.counted_images import Counted, set_of
from tests.support.images.image_sets import real


def image_set(pixels: NDArray[np.uint8], labels: Labels) -> ImageSet:
    names = [f"x/{index}" for index in range(len(pixels))]
    return ImageSet("x", ("a", "b"), labels, names, Pixels(pixels), "0")


def noise(number: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 200, (number, 64, 64, 3), np.uint8)


def accuracies(measured: Floor) -> dict[str, float]:
    return {each.name: each.accuracy for each in measured.baselines}


def test_a_planted_colour_is_found_and_warned_of() -> None:
    """Images of class b are redder by 40 levels: the median colour tells all of them."""
    pixels, labels = noise(80), np.arange(80) % 2
    pixels[labels == 1, :, :, 0] += 40
    measured = floor(image_set(pixels, labels), np.arange(40), np.arange(40, 80))
    found = accuracies(measured)
    assert (found["majority class"], found["median colour"], found["colour histogram"]) == (0.5, 1.0, 1.0)
    assert measured.shortcuts[0].name == "median colour"
    (warning,) = warnings(measured)
    assert warning == (
        "the median colour alone gets 100.0% of 40 images right, the majority class 50.0%: "
        "a network may learn that shortcut"
    )
    assert next(lines(measured)) == "baselines fitted on 40 images, scored on 40:"


def test_there_is_no_shortcut_in_noise() -> None:
    measured = floor(image_set(noise(80), np.arange(80) % 2), np.arange(40), np.arange(40, 80))
    assert measured.shortcuts == ()
    assert list(warnings(measured)) == []


def test_colours_and_thumbnails_are_those_counted_by_hand() -> None:
    """The left half is black, the right half (250, 128, 10): colours 0 and (3, 2, 0)."""
    pixels = np.zeros((1, 32, 32, 3), np.uint8)
    pixels[:, :, 16:] = (250, 128, 10)
    pixels[:, :, 15] = (250, 128, 10)  # So that the median is this colour.
    looks = simple_looks(image_set(pixels, np.array([1])), np.array([0]))
    np.testing.assert_allclose(looks.medians[0] * 255, (250, 128, 10), rtol=1e-6)
    expected = np.zeros(64)
    expected[0], expected[3 * 16 + 2 * 4 + 0] = 15 / 32, 17 / 32
    np.testing.assert_allclose(looks.histograms[0], expected, atol=1e-7)
    thumbnail = looks.thumbnails[0].reshape(16, 16, 3) * 255
    np.testing.assert_allclose(thumbnail[:, :7], 0)
    np.testing.assert_allclose(thumbnail[3, 7], (125, 64, 5), atol=1e-4)
    np.testing.assert_allclose(thumbnail[3, 8:], [(250, 128, 10)] * 8, rtol=1e-6)


def test_the_nearest_thumbnail_is_the_one_found_by_comparing_all() -> None:
    images = image_set(noise(60), np.random.default_rng(1).integers(0, 2, 60))
    train, scored = np.arange(30), np.arange(30, 60)
    known, asked = simple_looks(images, train), simple_looks(images, scored)
    nearest = [int(((known.thumbnails - each) ** 2).sum(1).argmin()) for each in asked.thumbnails]
    expected = float((known.labels[nearest] == asked.labels).mean())
    assert accuracies(floor(images, train, scored))["nearest thumbnail"] == expected


def test_intervals_are_wilsons_and_the_best_is_the_highest() -> None:
    measured = floor(image_set(noise(80), np.arange(80) % 2), np.arange(40), np.arange(40, 80))
    for each in measured.baselines:
        peer = binomtest(round(each.accuracy * 40), 40).proportion_ci(method="wilson")
        assert (each.low, each.high) == pytest.approx((peer.low, peer.high), abs=1e-6)
    assert measured.best.accuracy == max(accuracies(measured).values())


def test_of_many_images_a_few_are_drawn_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_TRAINED", 20)
    monkeypatch.setattr(baselines, "MOST_SCORED", 10)
    images = image_set(noise(80), np.arange(80) % 2)
    one, same = (floor(images, np.arange(40), np.arange(40, 80), seed=3) for _ in range(2))
    assert (one.num_trained, one.num_scored) == (20, 10)
    assert one == same


def test_damaged_images_are_left_out_and_too_few_are_refused() -> None:
    images = set_of(Counted(broken=frozenset({1, 6})), 12)
    measured = floor(images, np.arange(6), np.arange(6, 12))
    assert (measured.num_trained, measured.num_scored) == (5, 5)
    with pytest.raises(
        DataError, match="'x' has too few images for baselines; expected training images of two"
    ):
        floor(images, np.array([0, 2, 4]), np.arange(6, 12))
    with pytest.raises(DataError, match="and other images to score"):
        floor(images, np.arange(6), np.array([6]))


@pytest.mark.slow
def test_the_median_colour_tells_malaria_cells_of_known_patients_and_not_of_new_ones() -> None:
    """Each patient's slide is stained in its own way: a shortcut, which a split by patient takes away."""
    images = real("malaria")
    mixed = floor(images, np.arange(0, len(images), 2), np.arange(1, len(images), 2))
    assert accuracies(mixed)["median colour"] > 0.7
    assert mixed.shortcuts[0].name == "median colour"
    split = divided(images, Division())
    assert accuracies(floor(images, split.train, split.val))["median colour"] < 0.6
