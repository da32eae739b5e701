"""What is no image in a known format and size is refused in one sentence."""

import struct

import pytest
from PIL import Image

from core import images
from core.errors import ImageError
from tests.support.images.image_files import assert_plain, encoded, ftyp, noise, png

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")
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
