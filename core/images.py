"""Bytes -> upright 8-bit RGB at full resolution; what is refused, and why.

A browser sends anything: each guard here answers a file that made Pillow hang, fail oddly or eat memory.
Colour profiles are ignored, as they are by the loaders that models are trained with.
"""

import hashlib
import math
import re
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core import files
from core.errors import AwayError, AwayImageError, FileError, ImageError

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_RATIO = 100  # Of the sides: to bring the shorter to 256 pixels would make the longer endless.
MAX_SCANS = 100  # Of a progressive JPEG, which has about 10: each is a pass over the picture, even if empty.
MAX_SEGMENTS = 5_000  # Of a JPEG; Pillow keeps them all, and 4 bytes make one.
MAX_COMMENTS = 1_000  # Of a text PPM; Pillow copies up to a megabyte for each.
MAX_TAG_VALUES = 250_000  # Of one TIFF tag; 50 megapixels are 195,000 tiles of 16 x 16.

# Plugins, not Image.open: it warns of bombs on stderr, and calls a damaged header "unidentified".
_PLUGINS: dict[str, tuple[bytes, Callable[[BytesIO], ImageFile.ImageFile]]] = {
    "JPEG": (rb"\xff\xd8\xff", JpegImageFile),  # Of a phone's MPO, the first picture.
    "PNG": (rb"\x89PNG\r\n\x1a\n", PngImageFile),
    "WEBP": (rb"RIFF.{4}WEBP", WebPImageFile),
    "BMP": (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", BmpImageFile),
    "GIF": (rb"GIF8[79]a", GifImageFile),
    "TIFF": (rb"II\*\0|MM\0\*", TiffImageFile),
    "PPM": (rb"P[1-6f]\s", PpmImageFile),
}
FORMATS = tuple(_PLUGINS)
_SCALE_DOWN = f"scale it down to {MAX_PIXELS // 10**6} megapixels or less"
_CHOOSE = f"choose a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} file"
_FOREIGN = {
    # Pillow can, but libavif heeds no limit: a file that lies about its size took 1.4 GB.
    "an AVIF photo; export it as JPEG or PNG": rb".{4}ftyp(?:.{4}){0,12}?avi[fs]",
    "a HEIC photo; export it as JPEG": rb".{4}ftyp(?:mif1|msf1|(?:.{4}){0,12}?he[iv][cmsx])",
    "a BigTIFF file; save it as plain TIFF or PNG": rb"II\+\0|MM\0\+",
    "a PDF document; export the page as PNG": rb".{0,999}%PDF-",
    "an SVG drawing; export it as PNG": rb".{0,999}<svg[\s>]",
}
_TILE_OF = {256: 322, 257: 323}  # TIFF tags: width and length of the image, of its tiles.
_OFFSETS = (273, 324)  # TIFF tags: where the strips are, the tiles.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright_rgb(data: bytes) -> Image.Image:
    """The picture in a file: first frame, EXIF orientation applied, alpha over white, RGB, no metadata.

    Raises:
        ImageError: The file is empty, too big, of a kind not in `FORMATS`, or damaged.
    """
    kind = _kind(data)
    try:
        image = _rgb(_upright(_decoded(kind, data)))
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"got an image of far too many pixels; {_SCALE_DOWN}") from error
    except Exception as error:  # Fuzzing drew seven types out of Pillow's parsers: no list is complete.
        msg = f"got a {kind} file that is damaged or cut short; save or send it again, or choose another"
        raise ImageError(msg) from error
    image.info.clear()  # An orientation left here would be applied twice.
    return image


def read(path: Path) -> Image.Image:
    """`upright_rgb` of a file.

    Raises:
        AwayImageError: the file is not there, or its disk does not answer.
        ImageError: it is no regular file, or as `upright_rgb`.
    """
    try:
        data = files.head(path, MAX_BYTES + 1)
    except AwayError as error:
        raise AwayImageError(str(error)) from error
    except FileError as error:
        raise ImageError(str(error)) from error
    return upright_rgb(data)


def digest(data: bytes) -> str:
    """A key for the contents of a file: BLAKE2b of 16 bytes, as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _kind(data: bytes) -> str:
    """The name in `FORMATS`, by the first bytes."""
    if not data:
        raise ImageError(f"got an empty file; {_CHOOSE}")
    if len(data) > MAX_BYTES:
        raise ImageError(f"got a file of more than {MAX_BYTES >> 20} MB; save it smaller or as JPEG")
    for name in FORMATS:
        if re.match(_PLUGINS[name][0], data, re.DOTALL):
            return name
    kinds = (kind for kind, pattern in _FOREIGN.items() if re.match(pattern, data, re.DOTALL | re.IGNORECASE))
    raise ImageError(f"got {next(kinds, f'a file that is not an image of a known format; {_CHOOSE}')}")


def _decoded(kind: str, data: bytes) -> Image.Image:
    image = _PLUGINS[kind][1](BytesIO(_GUARDS.get(kind, bytes)(data)))
    _refuse_size(*image.size)
    if isinstance(image, TiffImageFile):
        _refuse_tiles(image)
        image.is_animated = True  # Or load() unpacks the whole EXIF directory, maybe millions of fractions.
    image.load()
    return image.copy()  # Lets go of the file and its decoder: 400 MB for a big WEBP.


def _refuse_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(f"got an image of {width} x {height} pixels; {_SCALE_DOWN}")
    if max(width, height) > MAX_RATIO * min(width, height):
        longest = f"at most {MAX_RATIO} times as long as wide"
        raise ImageError(f"got an image of {width} x {height} pixels; cut it to {longest}")


def _guard_gif(data: bytes) -> bytes:
    """Refuse by the screen's size: on opening, Pillow already allocates what a first frame leaves behind."""
    _refuse_size(*struct.unpack_from("<HH", data, 6))
    return data


def _guard_jpeg(data: bytes) -> bytes:
    markers = list(islice(_jpeg_markers(data), MAX_SEGMENTS + 1))
    if markers.count(0xDA) > MAX_SCANS:
        raise ImageError(f"got a JPEG file of more than {MAX_SCANS} scans; save it again as a plain JPEG")
    if len(markers) > MAX_SEGMENTS:
        raise ImageError(f"got a JPEG file of more than {MAX_SEGMENTS} parts; save it again as a plain JPEG")
    return data


def _jpeg_markers(data: bytes) -> Iterator[int]:
    """The segments up to the end of the image, stepping as libjpeg does; phones append a film after it."""
    segment = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
    found = segment.search(data, 2)
    while found and found[0] != b"\xff\xd9":
        yield found[0][1]
        found = segment.search(data, found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big"))


def _guard_png(data: bytes) -> bytes:
    """Keep what makes the picture: bombs and damage sit in texts, colour profiles and animation."""
    return data[:8] + b"".join(_png_chunks(data))


def _png_chunks(data: bytes) -> Iterator[bytes]:
    start = 8
    while start < len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if data[start + 4 : start + 8] in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"):
            yield data[start:end]
        start = end


def _guard_ppm(data: bytes) -> bytes:
    if data[1] in b"123" and data.count(b"#") > MAX_COMMENTS:
        raise ImageError(f"got a text PPM file with more than {MAX_COMMENTS} comments; save it again as PNG")
    return data


def _guard_tiff(data: bytes) -> bytes:
    order = "<" if data.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}L", data, 4)
    (entries,) = struct.unpack_from(f"{order}H", data, start)
    directory = data[start + 2 : start + 2 + 12 * entries]
    for tag, kind, values, _ in struct.iter_unpack(f"{order}HHLL", directory):
        blob = kind in (1, 2, 7) and tag not in _OFFSETS
        if kind > 13 or (values > MAX_TAG_VALUES and not blob):  # libtiff heeds types that Pillow skips.
            raise ValueError(tag, kind, values)
    return data


def _refuse_tiles(image: TiffImageFile) -> None:
    """Tiles far larger than the image, or the same strips listed over and over, are decoded all the same."""
    steps = ((image.tag_v2[side], image.tag_v2.get(tile, 1)) for side, tile in _TILE_OF.items())
    padded = math.prod(-(-side // step) * step for side, step in steps)
    boxes = (tile.extents or (0, 0, 0, 0) for tile in image.tile)
    listed = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes)
    if padded > 2 * MAX_PIXELS or listed > 8 * MAX_PIXELS:
        raise ValueError(padded, listed)


_GUARDS = {"GIF": _guard_gif, "JPEG": _guard_jpeg, "PNG": _guard_png, "PPM": _guard_ppm, "TIFF": _guard_tiff}


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # A damaged EXIF block, which raises as freely as a damaged picture, is no EXIF block.
        turn = None
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = _eight_bit(image)
    elif image.has_transparency_data:
        image = _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode == "La":  # Premultiplied; Pillow would drop its alpha on the way to RGBA.
        image = image.convert("LA")
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)  # Not alpha_composite, which takes two more copies.
    return white


def _eight_bit(image: Image.Image) -> Image.Image:
    low, high = _grey_range(image)
    scale = 255 / ((high - low) or 1)
    image.info.pop("transparency", None)
    wide = image if image.mode in ("I", "I;16", "F") else image.convert("I")
    return wide.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")


def _grey_range(image: Image.Image) -> tuple[float, float]:
    """What becomes black and white: 0 and 65,535 for integers, 0 and 1, 255 or 65,535 for floats.

    The smallest of these that holds every (finite) value, or else the least and greatest value.
    """
    values = np.asarray(image, np.float32)
    finite = np.isfinite(values)
    low = float(np.min(values, where=finite, initial=math.inf))
    high = float(np.max(values, where=finite, initial=-math.inf))
    whites = (1.0, 255.0, 65_535.0) if image.mode == "F" else (65_535.0,)
    return next(((0.0, white) for white in whites if low >= 0 and high <= white), (low, high))
