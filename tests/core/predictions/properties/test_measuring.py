"""What is measured in a photo, against a slow way by definition."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.image_set import Pixels
from core.data.sources import photos
from core.images.preprocess import Preprocess
from core.passes.work import Input
from core.predictions import properties
from core.predictions.properties.measuring import AlsoMeasured, Measuring, looks

CROPPING = Preprocess((20, 20), 24, (0.5,) * 3, (0.5,) * 3)


def _noise(height: int, width: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8))


def _slowly(photo: Image.Image) -> tuple[float, ...]:
    """Brightness, contrast, colourfulness and sharpness of a small photo, pixel by pixel."""
    pixels = np.asarray(photo, np.float64)
    height, width, _ = pixels.shape
    luma = np.round(pixels @ [0.299, 0.587, 0.114])
    red_green, yellow_blue, edges = [], [], []
    for row in range(height):
        for column in range(width):
            red, green, blue = pixels[row, column]
            red_green.append(red - green)
            yellow_blue.append((red + green) / 2 - blue)
            if 0 < row < height - 1 and 0 < column < width - 1:
                around = luma[row - 1, column] + luma[row + 1, column]
                around += luma[row, column - 1] + luma[row, column + 1]
                edges.append(around - 4 * luma[row, column])
    deviation = np.sqrt(np.var(red_green) + np.var(yellow_blue))
    mean = np.sqrt(np.mean(red_green) ** 2 + np.mean(yellow_blue) ** 2)
    return luma.mean() / 255, luma.std() / 255, deviation + 0.3 * mean, np.var(edges)


@pytest.mark.parametrize("size", [(8, 8), (30, 40), (3, 200)])
def test_light_colours_and_sharpness_are_those_of_every_pixel(size: tuple[int, int]) -> None:
    photo = _noise(*size)
    assert looks(photo) == pytest.approx(_slowly(photo), rel=1e-3)


def test_a_large_photo_is_measured_in_the_means_of_its_squares() -> None:
    photo = _noise(300, 600)
    means = np.asarray(photo, np.float64).reshape(100, 3, 200, 3, 3).mean((1, 3))
    small = Image.fromarray(np.round(means).astype(np.uint8))
    assert looks(photo) == pytest.approx(_slowly(small), rel=2e-3)


def test_grey_has_no_colour_and_a_plain_photo_no_contrast() -> None:
    assert looks(Image.new("RGB", (9, 9), (51, 51, 51))) == (0.2, 0, 0, 0)
    assert looks(Image.new("RGB", (2, 2), "red"))[3] == 0


def test_size_bytes_and_crop_are_those_of_the_file(tmp_path: Path) -> None:
    _noise(30, 60).save(tmp_path / "wide.png")
    known = dict(
        zip(
            properties.MEASURED,
            properties.measured(photos.photos_below(tmp_path), CROPPING, 0),
            strict=True,
        )
    )
    assert (known["width"], known["height"]) == (60, 30)
    assert known["aspect_ratio"] == 2
    assert known["file_size"] == (tmp_path / "wide.png").stat().st_size
    # 24 × 48 after resizing, of which the middle 20 × 20 remains.
    assert known["cropped"] == pytest.approx(1 - (20 * 20) / (24 * 48))


def test_an_embedded_image_has_no_file_and_a_squeezed_one_is_not_cropped() -> None:
    array = np.random.default_rng(0).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    images = photos.photos_at_hand(["digit"], Pixels(array), "")
    squeezing = Preprocess((20, 20), None, (0.5,), (0.5,))
    *_, num_bytes, cropped = properties.measured(images, squeezing, 0)
    assert np.isnan(num_bytes)
    assert cropped == pytest.approx(0)


def test_a_photo_that_is_gone_has_unknown_properties(tmp_path: Path) -> None:
    _noise(30, 60).save(tmp_path / "here.png")
    _noise(30, 61).save(tmp_path / "there.png")
    images = photos.photos_below(tmp_path)
    (tmp_path / "there.png").unlink()
    read = AlsoMeasured(_blank, Measuring(images, CROPPING), np.array([1, 0]))
    gone, here = read(0), read(1)
    assert gone is not None
    assert here is not None
    assert np.isnan(gone.measured).all()
    assert here.measured == properties.measured(images, CROPPING, 0)


def _blank(_position: int) -> Input:
    return Input(torch.zeros(3, 20, 20, dtype=torch.uint8), (20, 20))
