"""Files that are sound but not supported: the message names their kind instead of calling them damaged."""

import re

from PIL.TiffImagePlugin import TiffImageFile

from core.errors import ImageError
from core.images.guards import jpeg_markers, tiff_tags

_SAVE = "save it as PNG or JPEG with 8 bits a channel"
_FOREIGN = {
    # Pillow reads AVIF, but libavif has no limit: a file with a wrong size took 1.4 GB.
    "an AVIF photo; export it as JPEG or PNG": rb".{4}ftyp(?:.{4}){0,12}?avi[fs]",
    "a HEIC photo; export it as JPEG": rb".{4}ftyp(?:mif1|msf1|(?:.{4}){0,12}?he[iv][cmsx])",
    "a BigTIFF file; save it as plain TIFF or PNG": rb"II\+\0|MM\0\+",
    "a PDF document; export the page as PNG": rb".{0,999}%PDF-",
    "an SVG drawing; export it as PNG": rb".{0,999}<svg[\s>]",
    "a JPEG XL photo; export it as JPEG or PNG": rb"\xff\x0a|.{4}JXL \r\n",
    "a Photoshop document; export it as PNG": rb"8BPS",
    "a DICOM file; export its picture as PNG": rb".{128}DICM",
}
# Pillow's messages for sound files that it cannot read.
_BEYOND = re.compile(
    r"unknown pixel mode|unsupported|cannot handle|not yet supported|unknown data organization"
    r"|decoder .* not available|samples per pixel",
    re.IGNORECASE,
)
# Markers of JPEG frames that are lossless, hierarchical or arithmetic-coded.
_RARE_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}
_USUAL_COMPRESSION = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946}
_BITS, _COMPRESSION, _SAMPLES, _FORMAT = 258, 259, 277, 339  # TIFF tags.
_SIGNED = 2
_WORDS = {1: "integers", _SIGNED: "signed integers", 3: "floating-point numbers", 5: "complex", 6: "complex"}


def kind(data: bytes) -> str | None:
    """The kind of a file in a format that is not read here, and what to do; None for an unknown kind."""
    fitting = (name for name, form in _FOREIGN.items() if re.match(form, data, re.DOTALL | re.IGNORECASE))
    return next(fitting, None)


def sentence(kind_: str, data: bytes, error: Exception) -> str | None:
    """The message for a file that could not be decoded but is not damaged; None if it may be damaged."""
    what = _beyond(kind_, data, error)
    return None if what is None else _said(kind_, what)


def refuse_variants(image: TiffImageFile) -> None:
    """ImageError for pixels that Pillow misreads: signed bytes, and separate planes of 16 bits."""
    bits, forms = image.tag_v2.get(_BITS, (1,)), image.tag_v2.get(_FORMAT, (1,))
    is_planar = len(image.tile) > 1 and image.mode not in {"F", "I"} and ";16" not in str(image.tile)
    if (max(bits) > 8 and is_planar and "I;" not in image.mode) or (max(bits) == 8 and _SIGNED in forms):
        raise ImageError(_said("TIFF", _pixels(len(bits), max(bits), forms[0])))


def _beyond(kind_: str, data: bytes, error: Exception) -> str | None:
    is_beyond = bool(_BEYOND.search(str(error)))
    if kind_ == "TIFF":
        tags = tiff_tags(data)
        compression = tags.get(_COMPRESSION, 1)
        if compression not in _USUAL_COMPRESSION:
            return f"compression number {compression}"
        if is_beyond:
            return _pixels(tags.get(_SAMPLES, 1), tags.get(_BITS, 1), tags.get(_FORMAT, 1))
    if kind_ == "JPEG" and _RARE_FRAMES.intersection(jpeg_markers(data)):
        return "lossless, hierarchical or arithmetic coding"
    return f"a feature that Pillow calls {str(error)!r}" if is_beyond else None


def _pixels(samples: int, bits: int, form: int) -> str:
    return f"pixels of {samples} x {bits}-bit {_WORDS.get(form, 'unknown values')}"


def _said(kind_: str, what: str) -> str:
    return f"got a {kind_} file with {what}, which is not supported; {_SAVE}"
