"""Checks before Pillow reads a file, each for a kind of file that made it hang or use up the memory."""

import math
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

from PIL.TiffImagePlugin import TiffImageFile

from core.errors import ImageError
from core.images.limits import Limits

MAX_SCANS = 100  # Of a progressive JPEG, which has about 10; each is a pass over the image, even if empty.
MAX_SEGMENTS = 5_000  # Of a JPEG. Pillow keeps all of them, and 4 bytes are enough for one.
MAX_COMMENTS = 1_000  # Of a text PPM. Pillow copies up to a megabyte for each.
MAX_TAG_VALUES = 250_000  # Of one TIFF tag. 50 megapixels are 195,000 tiles of 16 x 16.

_TILE_OF = {256: 322, 257: 323}  # TIFF tags: image width and length, and those of the tiles.
_OFFSETS = (273, 324)  # TIFF tags: offsets of strips and of tiles.
_SHORT = 3  # TIFF type: unsigned 16 bits.


def guarded(kind: str, data: bytes, limits: Limits) -> bytes:
    """The file without parts that are not needed; ImageError or ValueError for a harmful file."""
    guard = _GUARDS.get(kind)
    return data if guard is None else guard(data, limits)


def _gif(data: bytes, limits: Limits) -> bytes:
    """Check the logical screen size, for which Pillow allocates memory as soon as it opens the file."""
    width, height = struct.unpack_from("<HH", data, 6)
    limits.refuse_size(width, height, len(data))
    return data


def _jpeg(data: bytes, _limits: Limits) -> bytes:
    markers = list(islice(jpeg_markers(data), MAX_SEGMENTS + 1))
    if markers.count(0xDA) > MAX_SCANS:
        raise ImageError(f"got a JPEG file with more than {MAX_SCANS} scans; save it again as a plain JPEG")
    if len(markers) > MAX_SEGMENTS:
        raise ImageError(
            f"got a JPEG file with more than {MAX_SEGMENTS} parts; save it again as a plain JPEG"
        )
    return data


def jpeg_markers(data: bytes) -> Iterator[int]:
    """The markers up to the end of the image, found as libjpeg does; phones append a video after it."""
    segment = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
    match = segment.search(data, 2)
    while match and match[0] != b"\xff\xd9":
        yield match[0][1]
        match = segment.search(data, match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big"))


def _png(data: bytes, _limits: Limits) -> bytes:
    """Keep only the chunks that hold the image: bombs are in texts, colour profiles and animations."""
    return data[:8] + b"".join(_png_chunks(data))


def _png_chunks(data: bytes) -> Iterator[bytes]:
    start = 8
    while start < len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if data[start + 4 : start + 8] in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"):
            yield data[start:end]
        start = end


def _ppm(data: bytes, _limits: Limits) -> bytes:
    if data[1] in b"123" and data.count(b"#") > MAX_COMMENTS:
        raise ImageError(f"got a text PPM file with more than {MAX_COMMENTS} comments; save it again as PNG")
    return data


def _tiff(data: bytes, _limits: Limits) -> bytes:
    _, entries = _tiff_entries(data)
    for tag, kind, values, _ in entries:
        blob = kind in (1, 2, 7) and tag not in _OFFSETS
        if kind > 13 or (values > MAX_TAG_VALUES and not blob):  # libtiff reads types that Pillow skips.
            raise ValueError(tag, kind, values)
    return data


def tiff_tags(data: bytes) -> dict[int, int]:
    """The first integer of each tag in a TIFF's first directory, as far as the directory can be read."""
    tags: dict[int, int] = {}
    with suppress(struct.error):
        order, entries = _tiff_entries(data)
        for tag, kind, values, where in entries:
            packed = struct.pack(f"{order}L", where)
            if kind == _SHORT:
                start = 0 if values <= 2 else where
                tags[tag] = struct.unpack_from(f"{order}H", packed if values <= 2 else data, start)[0]
            elif values == 1:
                tags[tag] = where
    return tags


def _tiff_entries(data: bytes) -> tuple[str, Iterator[tuple[int, int, int, int]]]:
    """The byte order, and each tag's number, type, count of values, and value or offset."""
    order = "<" if data.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}L", data, 4)
    (entries,) = struct.unpack_from(f"{order}H", data, start)
    directory = data[start + 2 : start + 2 + 12 * entries]
    return order, struct.iter_unpack(f"{order}HHLL", directory)


_GUARDS: dict[str, Callable[[bytes, Limits], bytes]] = {
    "GIF": _gif,
    "JPEG": _jpeg,
    "PNG": _png,
    "PPM": _ppm,
    "TIFF": _tiff,
}


def refuse_tiles(image: TiffImageFile, limits: Limits) -> None:
    """ValueError for tiles far larger than the image, or strips listed many times: all are decoded."""
    steps = ((image.tag_v2[side], image.tag_v2.get(tile, 1)) for side, tile in _TILE_OF.items())
    padded = math.prod(-(-side // step) * step for side, step in steps)
    boxes = (tile.extents or (0, 0, 0, 0) for tile in image.tile)
    listed = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes)
    if padded > 2 * limits.max_pixels or listed > 8 * limits.max_pixels:
        raise ValueError(padded, listed)
