"""Image files of every kind, built byte by byte where no library would write them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from core import images


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


def assert_plain(sentence: str) -> None:
    assert sentence[0].islower()
    assert not sentence.endswith(".")
    assert "\n" not in sentence
    assert "; " in sentence


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(compatible)) + b"ftyp" + major + bytes(4) + b"".join(compatible)
