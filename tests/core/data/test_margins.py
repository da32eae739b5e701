"""A preprocess in two steps, resized pixels and then a crop, gives the batch of one step to the bit."""

import pytest
import torch
from PIL import Image

from core.images.preprocess import Preprocess
from tests.support.images.counted_images import GREY, SMALL, random_photo

SIZES = [(300, 400), (400, 300), (257, 257), (333, 500), (501, 334), (1, 1), (2, 1), (37, 900), (255, 256)]
CROPS = [(224, 256), (224, 255), (224, 225), (224, 224), (223, 256), (64, 71), (64, 73)]


@pytest.mark.parametrize("preprocess", [SMALL, GREY, Preprocess((9, 14), None, (0.5,) * 3, (0.5,) * 3)])
def test_a_batch_is_its_pixels_normalised_to_the_bit(preprocess: Preprocess) -> None:
    photos = [random_photo(index, size) for index, size in enumerate(SIZES)]
    pixels = torch.stack([preprocess.pixels(photo) for photo in photos])
    assert pixels.dtype == torch.uint8
    assert torch.equal(preprocess.batch(photos), preprocess.normalised(pixels))
    shape = (1, -1, 1, 1)
    mean, std = (torch.tensor(each).reshape(shape) for each in (preprocess.mean, preprocess.std))
    torch.testing.assert_close(preprocess.normalised(pixels), (pixels / 255 - mean) / std)


@pytest.mark.parametrize(("side", "resize"), CROPS)
def test_the_centre_of_pixels_with_a_margin_is_the_pixels_without(side: int, resize: int) -> None:
    preprocess = Preprocess((side, side), resize, (0.5,) * 3, (0.5,) * 3)
    margin = preprocess.margin
    assert margin == (resize - side) // 2
    for index, size in enumerate(SIZES):
        photo = random_photo(index, size)
        wide = preprocess.pixels(photo, margin=margin)
        assert wide.shape == (3, side + 2 * margin, side + 2 * margin)
        centre = wide[:, margin : margin + side, margin : margin + side]
        assert torch.equal(centre, preprocess.pixels(photo))


def test_a_margin_never_reaches_past_the_image() -> None:
    """A white photo stays white to its corners: Pillow would pad a crop with black."""
    for side, resize in CROPS:
        preprocess = Preprocess((side, side), resize, (0.5,), (0.5,))
        for size in SIZES:
            assert preprocess.pixels(Image.new("RGB", size, "white"), margin=preprocess.margin).min() == 255


def test_an_oblong_input_has_a_margin_too() -> None:
    preprocess = Preprocess((10, 16), 21, (0.5,) * 3, (0.5,) * 3)
    photo = random_photo(0, (33, 50))
    wide = preprocess.pixels(photo, margin=preprocess.margin)
    assert (preprocess.margin, tuple(wide.shape)) == (2, (3, 14, 20))
    assert torch.equal(wide[:, 2:-2, 2:-2], preprocess.pixels(photo))


def test_a_squeezed_image_has_no_margin() -> None:
    assert Preprocess((9, 14), None, (0.5,), (0.5,)).margin == 0
