"""Bytes -> upright 8-bit RGB at full resolution, or an error that says why not.

A browser may send anything. Each limit and guard exists because a file made Pillow hang, fail in an odd way
or use up the memory. Colour profiles are ignored, as by the loaders that networks are trained with.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

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
from core.images import unsupported
from core.images.depths import eight_bit
from core.images.guards import guarded, refuse_tiles
from core.images.limits import UPLOAD, Limits, own
from core.images.quiet import keep_quiet

VERSION = 2  # Increased whenever the same file gives other pixels.
MAX_BYTES, MAX_PIXELS = UPLOAD.max_bytes, UPLOAD.max_pixels

# Plugins, not Image.open, which warns of bombs on stderr and calls a damaged header "unidentified".
_PLUGINS: dict[str, tuple[bytes, Callable[[BytesIO], ImageFile.ImageFile]]] = {
    "JPEG": (rb"\xff\xd8\xff", JpegImageFile),  # For a phone's MPO, the first picture.
    "PNG": (rb"\x89PNG\r\n\x1a\n", PngImageFile),
    "WEBP": (rb"RIFF.{4}WEBP", WebPImageFile),
    "BMP": (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", BmpImageFile),
    "GIF": (rb"GIF8[79]a", GifImageFile),
    "TIFF": (rb"II\*\0|MM\0\*", TiffImageFile),
    "PPM": (rb"P[1-6f]\s", PpmImageFile),
}
FORMATS = tuple(_PLUGINS)
_CHOOSE = f"choose a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} file"
_HEAD = 2**20  # Bytes that are read to tell the format of a file.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ONE_AT_A_TIME = threading.Lock()

keep_quiet()
Image.MAX_IMAGE_PIXELS = own().max_pixels  # Pillow's own limit, which some of its plugins check.


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """An upright RGB image, and the mode of its file in Pillow's terms: ``CMYK``."""

    image: Image.Image
    mode: str


def upright_rgb(data: bytes, limits: Limits = UPLOAD) -> Image.Image:
    """The picture in a file: first frame, EXIF orientation applied, alpha over white, RGB, no metadata.

    Raises:
        ImageError: The file is empty, too large, damaged, or of a format that is not supported.
    """
    return decoded_image(data, limits).image


def decoded_image(data: bytes, limits: Limits = UPLOAD) -> DecodedImage:
    """`upright_rgb` with the file's own mode."""
    kind = _kind(data, limits)
    try:
        image, mode = _decoded(kind, data, limits)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"got an image with far too many pixels; {limits.scale_down}") from error
    except MemoryError as error:
        raise ImageError(f"got an image too large for this machine's memory; {limits.scale_down}") from error
    except Exception as error:  # Fuzzing made Pillow's parsers raise seven types: no list is complete.
        raise ImageError(unsupported.sentence(kind, data, error) or _damaged(kind)) from error
    image.info.clear()  # An orientation left here would be applied twice.
    return DecodedImage(image, mode)


def read(path: Path) -> Image.Image:
    """`upright_rgb` of a file on this machine, which may be as large as the memory allows.

    Raises:
        AwayImageError: the file is missing, or its disk does not respond.
        ImageError: it is not a regular file, or as `upright_rgb`.
    """
    return upright_rgb(content(path), own())


def content(path: Path) -> bytes:
    """The bytes of an image file on this machine; of a large file, its format and size are checked first.

    Raises:
        AwayImageError: as `read`.
        ImageError: it is not a regular file, or it is large and not an image, or too large.
    """
    limits = own()
    try:
        head = files.head(path, _HEAD)
        if len(head) < _HEAD:
            return head
        _kind(head, limits)
        return files.read(path, limits.max_bytes)
    except AwayError as error:
        raise AwayImageError(str(error)) from error
    except FileError as error:
        raise ImageError(str(error)) from error


def digest(data: bytes) -> str:
    """A key for the content of a file: 16 bytes of BLAKE2b as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@contextmanager
def _in_turn(num_bytes: int, num_pixels: int) -> Iterator[None]:
    """Decode images larger than an upload one at a time: in parallel they would need too much memory."""
    if num_bytes <= MAX_BYTES and num_pixels <= MAX_PIXELS:
        yield
        return
    with _ONE_AT_A_TIME:
        yield


def _damaged(kind: str) -> str:
    return f"got a {kind} file that is damaged or incomplete; save or send it again, or choose another"


def _kind(data: bytes, limits: Limits) -> str:
    """The name in `FORMATS` that the first bytes belong to."""
    if not data:
        raise ImageError(f"got an empty file; {_CHOOSE}")
    if len(data) > limits.max_bytes:
        raise ImageError(
            f"got a file larger than {files.in_words(limits.max_bytes)}; save it smaller or as JPEG"
        )
    for name in FORMATS:
        if re.match(_PLUGINS[name][0], data, re.DOTALL):
            return name
    raise ImageError(
        f"got {unsupported.kind(data) or f'a file that is not an image in a known format; {_CHOOSE}'}"
    )


def _decoded(kind: str, data: bytes, limits: Limits) -> tuple[Image.Image, str]:
    """The upright RGB image, and its file's mode."""
    whole = guarded(kind, data, limits)
    image = _opened(kind, whole, limits, len(data))
    mode = image.mode
    with _in_turn(len(data), image.width * image.height):
        loaded = eight_bit(image, lambda: _opened(kind, whole, limits, len(data)))
        del image  # With its decoder it takes half of the memory.
        return _rgb(_upright(loaded)), mode


def _opened(kind: str, data: bytes, limits: Limits, num_bytes: int) -> ImageFile.ImageFile:
    image = _PLUGINS[kind][1](BytesIO(data))
    limits.refuse_size(*image.size, num_bytes)
    if isinstance(image, TiffImageFile):
        unsupported.refuse_variants(image)
        refuse_tiles(image, limits)
        image.is_animated = True  # Else load() unpacks the whole EXIF directory, maybe millions of fractions.
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # A damaged EXIF block may raise anything, and counts as none.
        turn = None
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode == "La":  # Premultiplied alpha, which Pillow would drop when converting to RGBA.
        image = image.convert("LA")
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)  # Not alpha_composite, which makes two more copies.
    return white
