"""What Pillow never sees: each guard answers a file that made it hang or eat memory."""

import math
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

from PIL.TiffImagePlugin import TiffImageFile

from core.errors import ImageError
from core.images.limits import Limits

MAX_SCANS = 100  # Of a progressive JPEG, which has about 10: each is a pass over the picture, even if empty.
MAX_SEGMENTS = 5_000  # Of a JPEG; Pillow keeps them all, and 4 bytes make one.
MAX_COMMENTS = 1_000  # Of a text PPM; Pillow copies up to a megabyte for each.
MAX_TAG_VALUES = 250_000  # Of one TIFF tag; 50 megapixels are 195,000 tiles of 16 x 16.

_TILE_OF = {256: 322, 257: 323}  # TIFF tags: width and length of the image, of its tiles.
_OFFSETS = (273, 324)  # TIFF tags: where the strips are, the tiles.
_SHORT = 3  # Type of a TIFF tag's values: 16 bits.


def guarded(kind: str, data: bytes, limits: Limits) -> bytes:
    """The file without the parts that do no good; ImageError or ValueError for one that does harm."""
    guard = _GUARDS.get(kind)
    return data if guard is None else guard(data, limits)


def _gif(data: bytes, limits: Limits) -> bytes:
    """Refuse by the screen's size: on opening, Pillow already allocates what a first frame leaves behind."""
    width, height = struct.unpack_from("<HH", data, 6)
    limits.refuse_size(width, height, len(data))
    return data


def _jpeg(data: bytes, _limits: Limits) -> bytes:
    markers = list(islice(jpeg_markers(data), MAX_SEGMENTS + 1))
    if markers.count(0xDA) > MAX_SCANS:
        raise ImageError(f"got a JPEG file of more than {MAX_SCANS} scans; save it again as a plain JPEG")
    if len(markers) > MAX_SEGMENTS:
        raise ImageError(f"got a JPEG file of more than {MAX_SEGMENTS} parts; save it again as a plain JPEG")
    return data


def jpeg_markers(data: bytes) -> Iterator[int]:
    """The segments up to the end of the image, stepping as libjpeg does; phones append a film after it."""
    segment = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
    found = segment.search(data, 2)
    while found and found[0] != b"\xff\xd9":
        yield found[0][1]
        found = segment.search(data, found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big"))


def _png(data: bytes, _limits: Limits) -> bytes:
    """Keep what makes the picture: bombs and damage sit in texts, colour profiles and animation."""
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
        if kind > 13 or (values > MAX_TAG_VALUES and not blob):  # libtiff heeds types that Pillow skips.
            raise ValueError(tag, kind, values)
    return data


def tiff_tags(data: bytes) -> dict[int, int]:
    """The first whole number of each tag of a TIFF's first directory; none of a directory that is damaged."""
    found: dict[int, int] = {}
    with suppress(struct.error):
        order, entries = _tiff_entries(data)
        for tag, kind, values, where in entries:
            packed = struct.pack(f"{order}L", where)
            if kind == _SHORT:
                start = 0 if values <= 2 else where
                found[tag] = struct.unpack_from(f"{order}H", packed if values <= 2 else data, start)[0]
            elif values == 1:
                found[tag] = where
    return found


def _tiff_entries(data: bytes) -> tuple[str, Iterator[tuple[int, int, int, int]]]:
    """The byte order, and of each tag its number, type, count of values, and value or place of them."""
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
    """ValueError for tiles far larger than the image, or the same strips over and over: all are decoded."""
    steps = ((image.tag_v2[side], image.tag_v2.get(tile, 1)) for side, tile in _TILE_OF.items())
    padded = math.prod(-(-side // step) * step for side, step in steps)
    boxes = (tile.extents or (0, 0, 0, 0) for tile in image.tile)
    listed = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes)
    if padded > 2 * limits.max_pixels or listed > 8 * limits.max_pixels:
        raise ValueError(padded, listed)
