"""A known colour comes out of each mode, depth and format."""

import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core import images
from core.errors import ImageError
from tests.support.images.image_files import SMALL_FILES, encoded, grey_tiff, noise, pixel

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")


def palette_image(colours: list[int]) -> Image.Image:
    image = Image.new("P", (4, 3), 1)
    image.putpalette(colours)
    return image


def grey_alpha_palette() -> Image.Image:
    image = Image.new("PA", (4, 3), (1, 128))
    image.putpalette([0, 0, 0, 0, 0, 0])
    return image


COLOURS = {
    "bilevel": (encoded(Image.new("1", (4, 3), 1), "PNG"), (255, 255, 255)),
    "grey": (encoded(Image.new("L", (4, 3), 77), "PNG"), (77, 77, 77)),
    "rgb": (encoded(Image.new("RGB", (4, 3), (1, 2, 3)), "BMP"), (1, 2, 3)),
    "palette": (encoded(palette_image([0, 0, 0, 9, 8, 7]), "PNG"), (9, 8, 7)),
    "CMYK TIFF": (encoded(Image.new("CMYK", (4, 3), (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
    "Adobe's inverted CMYK JPEG": (encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), (255, 0, 0)),
    "YCbCr": (encoded(Image.new("YCbCr", (4, 3), (76, 85, 255)), "TIFF"), (254, 0, 0)),
    "LAB": (encoded(Image.new("LAB", (4, 3), (255, 128, 128)), "TIFF"), (255, 255, 255)),
    "text PPM out of 15": (SMALL_FILES["text ppm"], (17, 34, 51)),
    "binary PPM out of 100": (b"P6 1 1 100\n" + bytes((0, 50, 100)), (0, 128, 255)),
    "half-transparent red": (encoded(Image.new("RGBA", (4, 3), (255, 0, 0, 128)), "PNG"), (255, 127, 127)),
    "hidden red": (encoded(Image.new("RGBA", (4, 3), (255, 0, 0, 0)), "PNG"), (255, 255, 255)),
    "half-transparent black": (encoded(Image.new("LA", (4, 3), (0, 128)), "PNG"), (127, 127, 127)),
    "PA": (encoded(grey_alpha_palette(), "TIFF"), (127, 127, 127)),
    "premultiplied grey": (
        grey_tiff(1, (273, 4, 1, 98), (338, 3, 1, 1), rest=b"\x40\x80")
        .replace(struct.pack("<HHLL", 258, 3, 1, 8), struct.pack("<HHLHH", 258, 3, 2, 8, 8))
        .replace(struct.pack("<HHLL", 277, 3, 1, 1), struct.pack("<HHLL", 277, 3, 1, 2)),
        (191, 191, 191),
    ),
    "transparent index": (encoded(palette_image([0, 0, 0, 9, 8, 7]), "GIF", transparency=1), (255, 255, 255)),
    "half-transparent index": (
        encoded(palette_image([0, 0, 0, 255, 0, 0]), "PNG", transparency=b"\xff\x80"),
        (255, 127, 127),
    ),
    "transparent colour": (
        encoded(Image.new("RGB", (4, 3), (1, 2, 3)), "PNG", transparency=(1, 2, 3)),
        (255, 255, 255),
    ),
    "another transparent colour": (
        encoded(Image.new("RGB", (4, 3), (1, 2, 3)), "PNG", transparency=(1, 2, 4)),
        (1, 2, 3),
    ),
    "transparent grey": (encoded(Image.new("L", (4, 3), 9), "PNG", transparency=9), (255, 255, 255)),
    "transparent WEBP": (
        encoded(Image.new("RGBA", (4, 3), (255, 0, 0, 128)), "WEBP", lossless=True),
        (255, 127, 127),
    ),
}


@pytest.mark.parametrize("name", COLOURS)
def test_a_known_colour_comes_out_of_each_mode_with_alpha_over_white(name: str) -> None:
    data, expected = COLOURS[name]
    np.testing.assert_allclose(pixel(data), expected, atol=1)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (257, 64), (2048, 128), (32_767, 127), (40_000, 156), (65_535, 255)]
)
@pytest.mark.parametrize(
    ("mode", "kind"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I;16B", "TIFF"), ("I", "PPM")]
)
def test_16_bit_grey_is_read_from_0_to_the_white_of_the_smallest_depth_that_holds_it(
    mode: str, kind: str, value: int, expected: int
) -> None:
    assert pixel(encoded(Image.new(mode, (3, 2), value), kind)) == (expected,) * 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 2047.5, 4095.0], [0, 128, 255]),
        ([0.0, 32_767.0, 65_535.0], [0, 127, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([-3e38, 0.0, 3e38], [0, 128, 255]),
        ([float("nan"), 0.5, float("inf")], [0, 128, 255]),
        ([float("nan")] * 3, [0, 0, 0]),
    ],
)
def test_float_grey_is_read_from_0_to_the_nearest_usual_white_or_else_stretched(
    values: list[float], expected: list[int]
) -> None:
    image = Image.fromarray(np.array([values], np.float32))
    for kind in ("TIFF", "PPM"):
        grey = np.asarray(images.upright_rgb(encoded(image, kind)))[0]
        assert grey.tolist() == [[value] * 3 for value in expected]


def test_32_bit_grey_that_is_no_16_bit_is_stretched_from_least_to_greatest() -> None:
    data = encoded(Image.fromarray(np.array([[-(2**31), 0, 2**31 - 1]], np.int32)), "TIFF")
    assert [pixel(data, (x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    assert pixel(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)) == (255, 0, 0)


def test_of_a_stereo_photo_the_first_picture_is_taken() -> None:
    red, blue = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    np.testing.assert_allclose(
        pixel(encoded(red, "MPO", save_all=True, append_images=[blue])), (255, 0, 0), atol=3
    )


def test_a_gif_frame_may_be_larger_than_its_screen() -> None:
    data = bytearray(encoded(palette_image([0, 0, 0, 9, 8, 7]), "GIF"))
    data[6:10] = struct.pack("<HH", 2, 2)
    image = images.upright_rgb(bytes(data))
    assert image.size == (4, 3)
    assert image.getpixel((3, 2)) == (9, 8, 7)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_one_pixel_is_an_image_in_every_format(kind: str) -> None:
    image = images.upright_rgb(encoded(Image.new("RGB", (1, 1), (200, 200, 200)), kind))
    assert image.size == (1, 1)
    np.testing.assert_allclose(image.getpixel((0, 0)), (200, 200, 200), atol=2)


def test_full_resolution_and_every_pixel_survive() -> None:
    assert images.upright_rgb(encoded(noise((301, 203)), "PNG")).tobytes() == noise((301, 203)).tobytes()


def test_avif_is_refused_by_its_name() -> None:
    with pytest.raises(ImageError, match="got an AVIF photo; export it as JPEG or PNG"):
        images.upright_rgb(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf")


def test_many_threads_get_their_own_pictures() -> None:
    files = [encoded(Image.new("RGB", (64, 64), (value, 0, 0)), "PNG") for value in range(100)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(pixel, files)) == [(value, 0, 0) for value in range(100)]
