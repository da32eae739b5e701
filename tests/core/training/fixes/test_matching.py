"""Augmentation that matches a drift has the measured strength, and leaves out what follows from that."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.augment import Augment
from core.errors import FixError
from core.images.degrading import degraded
from core.predictions.properties.measuring import looks
from core.training.fixes.matching import DriftFound, Match, Medians, match, read

NAMES = ("brightness", "contrast", "colourfulness", "sharpness")


def _photos(number: int = 8) -> list[Image.Image]:
    random = np.random.default_rng(0)
    coarse = random.integers(40, 216, (number, 12, 16, 3), np.uint8)
    return [Image.fromarray(each).resize((160, 120), Image.Resampling.BILINEAR) for each in coarse]


def _drift(known: dict[str, float], new: dict[str, float], p: float = 0.0001) -> DriftFound:
    return DriftFound(p, {name: Medians(known[name], new[name], p) for name in known})


def _measured(photos: list[Image.Image]) -> dict[str, float]:
    return dict(zip(NAMES, np.median([looks(photo) for photo in photos], axis=0).tolist(), strict=True))


def test_darker_photos_are_darker_and_nothing_else() -> None:
    """Contrast, colours and sharpness fall with the light: 0.4, 0.4 and 0.16 times."""
    photos = _photos()
    darker = [degraded(photo, "brightness", 0.4) for photo in photos]
    found = match(_drift(_measured(photos), _measured(darker)), 64, lambda: photos)
    assert found == Match(brightness=pytest.approx(0.4, abs=0.01))


@pytest.mark.parametrize("percent", [1, 2])
def test_the_blur_of_blurred_photos_is_found_again(percent: float) -> None:
    photos = _photos()
    blurred = [degraded(photo, "blur", percent) for photo in photos]
    known, new = _measured(photos), _measured(blurred)
    only = _drift({"sharpness": known["sharpness"]}, {"sharpness": new["sharpness"]})
    found = match(only, 64, lambda: photos)
    assert found.blur == pytest.approx(percent / 100, rel=0.25)
    assert (found.brightness, found.contrast, found.resolution) == (1, 1, 1)


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [(400, 100, 1.0), (400, 32, 0.5), (64, 16, 0.25), (32, 16, 0.5), (32, 64, 1.0)],
)
def test_resolution_counts_below_the_input_of_64_pixels(known: float, new: float, expected: float) -> None:
    drift = _drift({"width": known * 2, "height": known}, {"width": new * 2, "height": new})
    assert match(drift, 64, _photos).resolution == expected


def test_what_has_not_shifted_or_cannot_be_matched_changes_nothing() -> None:
    by_chance = _drift({"brightness": 0.5}, {"brightness": 0.2}, p=0.3)
    assert match(by_chance, 64, _photos) == Match()
    assert match(_drift({"aspect_ratio": 1.5}, {"aspect_ratio": 0.7}), 64, _photos) == Match()
    assert match(_drift({"sharpness": 100}, {"sharpness": 300}), 64, _photos) == Match()


def test_augmentation_reaches_from_none_to_the_measured_strength() -> None:
    added = Match(brightness=0.4, saturation=1.5, blur=0.02, resolution=0.5).added(Augment(flip=True))
    expected = {"brightness_factor": (0.4, 1.0), "saturation_factor": (1.0, 1.5)}
    assert added == Augment(flip=True, blur=0.02, resolution=0.5, **expected)
    assert Match().added(Augment(flip=True)) == Augment(flip=True)


def test_a_photo_is_changed_by_the_whole_strength() -> None:
    (photo,) = _photos(1)
    dark = Match(brightness=0.4).applied(photo, 64)
    assert np.asarray(dark).mean() == pytest.approx(0.4 * np.asarray(photo).mean(), abs=1)
    assert Match(resolution=0.5).applied(photo, 64).size == (43, 32)
    assert Match(resolution=0.5).applied(photo.resize((24, 18)), 64).size == (24, 18)
    assert np.array_equal(np.asarray(Match().applied(photo, 64)), np.asarray(photo))


def test_a_match_in_words() -> None:
    assert (
        str(Match(brightness=0.4, blur=0.015)) == "0.4 times as bright, blurred by 1.5% of the shorter side"
    )


def test_only_a_report_on_drift_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "drift.json"
    medians = {"known": 0.5, "new": 0.2, "p_adjusted": 0.001, "statistic": 4}
    path.write_text(json.dumps({"p": 0.001, "properties": {"brightness": medians}, "data": None}))
    assert read(path).ratios == {"brightness": 0.4}
    path.write_text('{"p": 0.1}')
    with pytest.raises(FixError, match="is no report on drift: it lacks 'properties'"):
        read(path)
