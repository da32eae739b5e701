"""Every image stands upright, whatever its EXIF block says or how damaged that is."""

import numpy as np
import pytest
from PIL import Image

from core import images
from tests.support.images.image_files import chunk, encoded, orientation, pixel, png

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")
WITH_EXIF = ["JPEG", "PNG", "WEBP", "TIFF"]
TURNED_BY = {  # How a camera stores a picture that these EXIF orientations make upright.
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def red_cornered() -> Image.Image:
    image = Image.new("RGB", (64, 32), "white")
    image.paste("red", (0, 0, 16, 16))
    return image


@pytest.mark.parametrize("kind", WITH_EXIF)
@pytest.mark.parametrize("value", TURNED_BY)
def test_every_orientation_brings_the_red_corner_back_to_the_top_left(kind: str, value: int) -> None:
    turn = TURNED_BY[value]
    stored = red_cornered() if turn is None else red_cornered().transpose(turn)
    image = images.upright_rgb(encoded(stored, kind, exif=orientation(value)))
    assert image.size == (64, 32)
    corners = [image.getpixel(place) for place in ((4, 4), (59, 4), (4, 27), (59, 27))]
    expected = [(255, 0, 0), (255, 255, 255), (255, 255, 255), (255, 255, 255)]
    np.testing.assert_allclose(corners, expected, atol=6)


def test_the_orientation_is_gone_from_the_result_so_that_it_cannot_be_applied_twice() -> None:
    stored = red_cornered().transpose(Image.Transpose.ROTATE_90)
    image = images.upright_rgb(encoded(stored, "JPEG", exif=orientation(6)))
    assert type(image) is Image.Image
    assert image.info == {}
    assert dict(image.getexif()) == {}


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_exif_block_does_not_spoil_a_good_photo(seed: int) -> None:
    dice = np.random.default_rng(seed)
    exif = orientation(6)
    exif[0x011A], exif[0x010F] = 72.0, "maker"
    block = bytearray(exif.tobytes())
    for _ in range(6):
        block[dice.integers(6, len(block))] = dice.choice((0, 0x2B, 255, dice.integers(256)))
    for kind in ("JPEG", "WEBP"):
        assert sorted(images.upright_rgb(encoded(red_cornered(), kind, exif=bytes(block))).size) == [32, 64]
    assert pixel(png((1, 1), chunk(b"eXIf", bytes(block[6:])))) == (255, 0, 0)
