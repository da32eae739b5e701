"""A file made to cost minutes or gigabytes is refused before a pixel is decoded."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core import images
from core.errors import ImageError
from tests.support.effort import work
from tests.support.images.image_files import SMALL_FILES, chunk, encoded, ftyp, grey_tiff, pixel, png

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")
DECODE = "ImagingDecoder.decode"  # Of Pillow.


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
