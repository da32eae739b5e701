"""Every file becomes the right pixels or one plain sentence, and neither takes minutes or gigabytes."""

import io
import os
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import images
from core.errors import AwayImageError, ImageError
from core.files import in_words
from core.images import limits
from core.images.limits import own
from tests.support import work
from tests.support.paths import ROOT

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")

DECODE = "ImagingDecoder.decode"  # Of Pillow.
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


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixel(data: bytes, place: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    image = images.upright_rgb(data)
    assert image.mode == "RGB"
    return image.getpixel(place)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: tuple[int, int], *chunks: bytes, pixels: bytes = b"\0\xff\0\0", colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", *size, 8, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def tiff(*entries: tuple[int, int, int, int], rest: bytes = b"") -> bytes:
    """A little-endian TIFF whose ``rest`` starts at byte 14 + 12 * len(entries)."""
    directory = b"".join(struct.pack("<HHLL", *entry) for entry in sorted(entries))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + b"\0\0\0\0" + rest


def grey_tiff(size: int, *entries: tuple[int, int, int, int], rest: bytes = b"") -> bytes:
    sides = ((256, 4, 1, size), (257, 4, 1, size))
    return tiff(*sides, (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1), *entries, rest=rest)


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def red_cornered() -> Image.Image:
    image = Image.new("RGB", (64, 32), "white")
    image.paste("red", (0, 0, 16, 16))
    return image


def noise(size: tuple[int, int] = (31, 19)) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def small_files() -> dict[str, bytes]:
    picture = noise()
    alpha = picture.convert("RGBA")
    alpha.putalpha(picture.convert("L"))
    palette = picture.quantize(16)
    animated = {"save_all": True, "append_images": [palette.rotate(90)]}
    return {
        "jpeg": encoded(picture, "JPEG", exif=orientation(6)),
        "progressive jpeg": encoded(picture, "JPEG", progressive=True),
        "cmyk jpeg": encoded(picture.convert("CMYK"), "JPEG"),
        "png": encoded(alpha, "PNG", exif=orientation(6)),
        "palette png": encoded(palette, "PNG", transparency=b"\x10" * 16),
        "lossy webp": encoded(alpha, "WEBP", exif=orientation(6)),
        "lossless webp": encoded(alpha, "WEBP", lossless=True),
        "bmp": encoded(picture, "BMP"),
        "gif": encoded(palette, "GIF", transparency=2, disposal=2, **animated),
        "tiff": encoded(picture, "TIFF", exif=orientation(6)),
        "lzw tiff": encoded(alpha, "TIFF", compression="tiff_lzw"),
        "jpeg tiff": encoded(picture, "TIFF", compression="jpeg"),
        "fax tiff": encoded(picture.convert("1"), "TIFF", compression="group4"),
        "float tiff": encoded(picture.convert("F"), "TIFF"),
        "ppm": encoded(picture, "PPM"),
        "text ppm": b"P3\n# a comment\n2 1\n15\n1 2 3 4 5 6\n",
    }


SMALL_FILES = small_files()


def image_or_refusal(data: bytes) -> Image.Image | None:
    try:
        image = images.upright_rgb(data)
    except ImageError as error:
        assert_plain(str(error))
        return None
    assert image.mode == "RGB"
    return image


def assert_plain(sentence: str) -> None:
    assert sentence[0].islower()
    assert not sentence.endswith(".")
    assert "\n" not in sentence
    assert "; " in sentence


# Upright


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


# Colours


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


# Refused


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(compatible)) + b"ftyp" + major + bytes(4) + b"".join(compatible)


REFUSED = {
    "empty": (b"", "empty file; choose a JPEG, PNG"),
    "too many bytes": (bytes(images.MAX_BYTES + 1), "larger than 20 MB; save it smaller or as JPEG"),
    "text": (b"hello, world", "not an image in a known format; choose a JPEG"),
    "zeros": (bytes(1000), "not an image in a known format"),
    "icon": (encoded(Image.new("RGB", (16, 16)), "ICO"), "not an image in a known format"),
    "jpeg 2000": (encoded(Image.new("RGB", (16, 16)), "JPEG2000"), "not an image in a known format"),
    "film": (ftyp(b"isom", b"iso2", b"avc1", b"mp41"), "not an image in a known format"),
    "heic": (ftyp(b"heic", b"mif1", b"heic"), "HEIC photo; export it as JPEG"),
    "heif": (ftyp(b"mif1", b"mif1", b"heic"), "HEIC photo; export it as JPEG"),
    "pdf": (b"%PDF-1.7\n", "PDF document; export the page as PNG"),
    "svg": (
        b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
        "SVG drawing; export it as PNG",
    ),
    "big tiff": (encoded(noise(), "TIFF", big_tiff=True), "BigTIFF file; save it as plain TIFF or PNG"),
    "51 megapixels": (png((7000, 7286)), "7000 x 7286 pixels; scale it down to 50 megapixels"),
    "400 megapixels": (png((20_000, 20_000)), "20000 x 20000 pixels; scale it down"),
    "2 ** 62 pixels": (png((2**31 - 1, 2**31 - 1)), "2147483647 x 2147483647 pixels; scale it down"),
    "a column": (png((1, 40_000_000)), "1 x 40000000 pixels; crop it to at most 100 times"),
    "a row": (b"P5 101 1 255\n" + bytes(101), "101 x 1 pixels; crop it to at most 100 times as long as wide"),
    "huge gif screen": (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(9), "65535 x 65535 pixels"),
    "huge gif frame": (
        b"GIF89a"
        + struct.pack("<HH3B", 1, 1, 0, 0, 0)
        + b","
        + struct.pack("<4HB", *[65_535] * 4, 0)
        + b"\2",
        "far too many pixels; scale it down",
    ),
    "huge jpeg": (
        b"\xff\xd8\xff\xc0\0\x0b\x08"
        + struct.pack(">HH", 65_500, 65_500)
        + b"\1\1\x11\0\xff\xda\0\x08\1\1\0\0\x3f\0",
        "65500 x 65500 pixels; scale it down",
    ),
    "no pixels": (png((0, 5)), "PNG file that is damaged or incomplete"),
    "broken zlib": (png((4, 4)).replace(b"IDAT\x78", b"IDAT\x00"), "PNG file that is damaged"),
    "jpeg of two bytes more": (b"\xff\xd8\xff\xe0", "JPEG file that is damaged"),
    "maxval 0": (b"P6 1 1 0\nabc", "PPM file that is damaged"),
    "maxval 70000": (b"P6 1 1 70000\nabcdef", "PPM file that is damaged"),
    "negative side": (b"P6 -1 1 255\nabc", "PPM file that is damaged"),
    "tiff without a directory": (b"II*\0\xff\xff\xff\x7f", "TIFF file that is damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_opened_is_refused_in_one_sentence_that_says_what_to_do(name: str) -> None:
    data, sentence = REFUSED[name]
    with pytest.raises(ImageError, match=sentence) as refusal:
        images.upright_rgb(data)
    assert_plain(str(refusal.value))


def test_sizes_at_the_limits_pass() -> None:
    assert images.upright_rgb(encoded(Image.new("1", (20_000, 200)), "PNG")).size == (20_000, 200)
    with pytest.raises(ImageError, match="incomplete"):  # Its pixels are missing; their number is all right.
        images.upright_rgb(png((10_000, 5_000)))
    assert pixel(png((1, 1)).ljust(images.MAX_BYTES, b"\0")) == (255, 0, 0)


# Damaged


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_file_cut_short_anywhere_is_an_image_or_a_refusal(name: str) -> None:
    data = SMALL_FILES[name]
    for length in range(0, len(data), max(1, len(data) // 60)):
        image_or_refusal(data[:length])
    assert image_or_refusal(data) is not None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_half_a_file_is_called_cut_short(kind: str) -> None:
    data = encoded(noise((200, 200)), kind)
    with pytest.raises(ImageError, match=f"{kind} file that is damaged or incomplete; save or send it again"):
        images.upright_rgb(data[: len(data) // 2])


@pytest.mark.parametrize("name", SMALL_FILES)
def test_flipped_bytes_give_an_image_or_a_refusal(name: str) -> None:
    dice = np.random.default_rng(list(SMALL_FILES).index(name))
    for _ in range(40):
        data = bytearray(SMALL_FILES[name])
        reach = min(len(data), dice.choice((40, 200, len(data))))
        for place in dice.integers(reach, size=dice.choice((1, 2, 8, 30))):
            data[place] = dice.choice((0, 1, 127, 128, 255, data[place] ^ 1 << dice.integers(8)))
        image_or_refusal(bytes(data))


# Bombs


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again without data."""
    data = encoded(Image.new("RGB", (1000, 1000), "red"), "JPEG", progressive=True, subsampling=0)
    start = data.rindex(b"\xff\xda")
    header = data[start : start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")]
    return data[:-2] + (header + b"\0") * count + b"\xff\xd9"


FEW = 50_000  # Calls; a file that lists 100,000 things would cost more, if each were looked at.


def refuses_at_once(data: bytes, sentence: str) -> None:
    """A file is refused after few calls, and before a pixel is decoded."""
    with pytest.raises(ImageError, match=sentence), work.calls() as made:
        images.upright_rgb(data)
    assert made.total() < FEW
    assert not made[DECODE]


def test_a_jpeg_of_100_000_empty_scans_is_refused_at_once() -> None:
    refuses_at_once(with_scans(100_000), "more than 100 scans; save it again as a plain JPEG")


def test_a_jpeg_of_a_million_comments_is_refused_at_once() -> None:
    data = SMALL_FILES["jpeg"]
    bomb = data[:2] + b"\xff\xfe\0\2" * 1_000_000 + data[2:]
    refuses_at_once(bomb, "more than 5000 parts; save it again")


def test_scans_are_counted_by_structure_not_by_substring() -> None:
    """Phones append a film after the end of the picture, and a thumbnail in a segment has its own."""
    data = encoded(Image.new("RGB", (16, 16), "red"), "JPEG")
    segment = b"\xff\xda" * 30_000
    thumbnail = b"\xff\xe5" + struct.pack(">H", len(segment) + 2) + segment
    np.testing.assert_allclose(pixel(data + ftyp(b"mp42") + b"\xff\xda" * 10_000), (255, 0, 0), atol=2)
    np.testing.assert_allclose(pixel(data[:2] + thumbnail + data[2:]), (255, 0, 0), atol=2)
    np.testing.assert_allclose(pixel(with_scans(60)), (255, 0, 0), atol=2)


def test_header_only_bombs_are_refused_at_once() -> None:
    refuses_at_once(png((20_000, 20_000), colour=6), "20000 x 20000 pixels")
    refuses_at_once(png((60_000, 60_000), colour=6), "60000 x 60000 pixels")


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(5 << 20))) * 100,
        chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(5 << 20))),
        chunk(b"iCCP", b"broken"),
        chunk(b"abCd", b"") * 100_000,
        chunk(b"acTL", b"\xff" * 8) + chunk(b"fcTL", bytes(26)),
        chunk(b"tEXt", b"wrong checksum")[:-1] + b"?",
    ],
    ids=["texts", "big profile", "broken profile", "private chunks", "animation", "checksum"],
)
def test_png_extras_that_upset_pillow_are_left_aside(extra: bytes) -> None:
    assert pixel(png((1, 1), extra)) == (255, 0, 0)


def test_a_text_ppm_of_comments_is_refused_at_once() -> None:
    bomb = b"P2\n5000 2000\n1\n" + b"#\n" * 5_000_000
    refuses_at_once(bomb, "more than 1000 comments; save it again as PNG")


def strips(count: int) -> bytes:
    """4000 x 4000 in two strips of the same bytes, listed ``count`` times over."""
    start = 14 + 12 * 7
    offsets = struct.pack("<L", start + 4 * count) * count
    return grey_tiff(4000, (273, 4, count, start), (278, 4, 1, 2000), rest=offsets + bytes(8_000_000))


def test_a_tiff_that_lists_its_strips_over_and_over_is_refused_at_once() -> None:
    assert images.upright_rgb(strips(2)).size == (4000, 4000)
    refuses_at_once(strips(2000), "TIFF file that is damaged")


def test_a_tiff_of_a_million_strip_offsets_is_refused_at_once() -> None:
    bomb = grey_tiff(10, (273, 1, 1_000_000, 98), (278, 4, 1, 1), rest=bytes(1_000_000))
    refuses_at_once(bomb, "TIFF file that is damaged")


def test_a_tiff_with_tiles_far_larger_than_the_picture_is_refused_at_once() -> None:
    pixels = zlib.compress(bytes(20_000 * 6000), 1)
    tile = ((322, 4, 1, 20_000), (323, 4, 1, 6000), (324, 4, 1, 134), (325, 4, 1, len(pixels)))
    refuses_at_once(grey_tiff(10, (259, 3, 1, 8), *tile, rest=pixels), "TIFF file that is damaged")


def test_a_tiff_whose_exif_directory_holds_a_million_fractions_opens_at_once() -> None:
    start = 14 + 12 * 8
    directory = struct.pack("<HHHLLL", 1, 40_000, 5, 1_000_000, start + 118, 0)
    entries = ((273, 4, 1, start), (278, 4, 1, 10), (34_665, 4, 1, start + 100))
    data = grey_tiff(10, *entries, rest=bytes(100) + directory + struct.pack("<LL", 1, 3) * 1_000_000)
    with work.calls() as made:
        assert pixel(data) == (0, 0, 0)
    assert made.total() < FEW
    assert made[DECODE] == 1


PEAK = """
import sys
from pathlib import Path
from core import images
from core.images import limits
from core.images.limits import own
def peak(): return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line) / 1000
before = peak()
image = images.read(Path(sys.argv[1]))
print(*image.size, image.getpixel((0, 0)), int(peak() - before), sep="|")
"""


def peak_of(path: Path) -> list[str]:
    """Width, height, first pixel, and MB of memory at the peak, in a process of its own.

    VmHWM, as ru_maxrss of a child starts from the peak of the parent that spawned it.
    """
    command = [sys.executable, "-c", PEAK, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
    return run.stdout.strip().split("|")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(("mode", "name"), [("RGBA", "a.png"), ("RGB", "a.jpg"), ("F", "a.tif")])
@pytest.mark.slow
def test_50_megapixels_take_less_than_700_mb(mode: str, name: str, tmp_path: Path) -> None:
    colour = {"RGBA": (255, 0, 0, 128), "RGB": (255, 0, 0), "F": 0.5}[mode]
    options = {
        ".png": {"compress_level": 1},
        ".jpg": {"progressive": True},
        ".tif": {"compression": "tiff_lzw"},
    }
    path = tmp_path / name
    Image.new(mode, (7000, 7100), colour).save(path, exif=orientation(6), **options[path.suffix])
    *size, first, megabytes = peak_of(path)
    assert size == ["7100", "7000"]
    expected = {"RGBA": (255, 127, 127), "RGB": (254, 0, 0), "F": (128,) * 3}[mode]
    assert first == str(expected)
    assert int(megabytes) < 700


# Files and keys


def test_a_file_reads_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a picture.jpg"
    path.write_bytes(SMALL_FILES["gif"])
    assert images.read(path).tobytes() == images.upright_rgb(SMALL_FILES["gif"]).tobytes()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", "is a folder; choose a file"),
        ("pipe", "is a pipe; choose a file"),
        ("nul\0.jpg", "cannot read"),
        ("folder/" + "x" * 5000, "cannot read .*: file name too long"),
    ],
)
def test_what_is_not_a_readable_file_is_refused_by_name(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageError, match=words) as caught:
        images.read(tmp_path / name)
    assert not isinstance(caught.value, AwayImageError)


def test_a_file_that_is_not_there_is_away_and_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(AwayImageError, match=r"cannot read '.*missing.jpg': there is no such file"):
        images.read(tmp_path / "missing.jpg")


def test_a_file_over_the_limit_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / "sparse.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ImageError, match="not an image in a known format"):
        images.read(path)
    with path.open("rb+") as file:
        file.write(SMALL_FILES["png"])
    with pytest.raises(ImageError, match=rf"sparse.png' has more than {in_words(own().max_bytes)}; choose"):
        images.read(path)


def test_a_file_of_ones_own_may_be_larger_than_an_upload(tmp_path: Path) -> None:
    padded = SMALL_FILES["png"].ljust(images.MAX_BYTES + 1, b"\0")
    wide = encoded(Image.new("1", (10_000, 5_001), 1), "PNG")
    for data, words in (
        (padded, "larger than 20 MB"),
        (wide, "10000 x 5001 pixels; scale it down to 50 mega"),
    ):
        (tmp_path / "a.png").write_bytes(data)
        assert images.read(tmp_path / "a.png").size in {(10_000, 5_001), (19, 31)}
        with pytest.raises(ImageError, match=words):
            images.upright_rgb(data)


def test_limits_of_ones_own_files_follow_from_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory, megabytes, megapixels in ((2**30, 64, 50), (16 * 2**30, 1024, 268), (64 * 2**30, 4096, 1073)):
        monkeypatch.setattr(limits, "_memory", lambda memory=memory: memory)
        found = limits.own.__wrapped__()
        assert (found.max_bytes >> 20, found.max_pixels // 10**6) == (megabytes, megapixels)


def test_a_size_that_the_file_cannot_hold_is_no_reason_to_take_memory(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png((10_000, 5_001)))
    with pytest.raises(ImageError, match="PNG file that is damaged or incomplete"):
        images.read(tmp_path / "a.png")


_READING = """
import sys
from pathlib import Path
from core import images
for name in sys.argv[1:]:
    try:
        images.read(Path(name))
    except images.ImageError as error:
        print(error)
"""


def test_libraries_say_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = bytearray(encoded(noise((60, 60)), "TIFF", compression="tiff_lzw"))
    damaged[300:360] = b"\xff" * 60
    cut = encoded(Image.new("RGB", (60, 60)), "TIFF", description="y" * 500)[:-200]
    for number, data in enumerate((bytes(damaged), cut)):
        (tmp_path / f"{number}.tif").write_bytes(data)
    names = [str(tmp_path / f"{number}.tif") for number in range(2)]
    subprocess.run([sys.executable, "-W", "default", "-c", _READING, *names], check=True, cwd=ROOT)  # noqa: S603 (our own code)
    said = capfd.readouterr()
    assert said.err == ""
    assert said.out.count("TIFF file that is damaged or incomplete") == 2


def test_the_digest_is_blake2b_of_16_bytes() -> None:
    assert images.digest(b"") == "cae66941d9efbd404e4d88758ea67670"
    assert images.digest(b"a") != images.digest(b"b")
