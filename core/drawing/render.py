"""From arrays to pictures: colormaps, overlays, the margin that the network did not see, and files."""

from functools import cache
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.arrays import FloatArray

Picture = NDArray[np.uint8]  # (H, W, 3 or 4).
Pictures = NDArray[np.uint8]  # (N, H, W, 3 or 4).

_CV2_MAPS = {"inferno": cv2.COLORMAP_INFERNO, "viridis": cv2.COLORMAP_VIRIDIS, "turbo": cv2.COLORMAP_TURBO}
COLORMAPS = tuple(_CV2_MAPS)
SIGNED = "signed"
_AGAINST = np.array([[10, 80, 205], [140, 205, 255]], np.float32)  # strong, weak
_FOR = np.array([[255, 150, 190], [215, 15, 85]], np.float32)  # weak, strong
_HATCH_PERIOD, _HATCH_WIDTH = 10, 1


@cache
def palette(colormap: str) -> Picture:
    """A colormap's colours (256, 3), from low to high, or for `SIGNED` from against to for; never changed."""
    if colormap == SIGNED:
        share = np.linspace(0, 1, 128, dtype=np.float32)[:, None]
        halves = (_AGAINST[0] * (1 - share) + _AGAINST[1] * share, _FOR[0] * (1 - share) + _FOR[1] * share)
        return np.concatenate(halves).round().astype(np.uint8)
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    return np.ascontiguousarray(cv2.applyColorMap(ramp, _CV2_MAPS[colormap])[:, 0, ::-1])


def coloured(values: FloatArray, colormap: str) -> Picture:
    """Values (H, W) in [0, 1], or in [-1, 1] for `SIGNED`, as RGBA (H, W, 4).

    Opacity follows the magnitude, so that the photo shows where values are small; NaN is transparent.
    """
    known = np.nan_to_num(values)
    shares = (known + 1) / 2 if colormap == SIGNED else known
    # A pixel's four bytes as one number: four times as fast to look up.
    pixels = _opaque(colormap)[(shares * 255).round().astype(np.uint8)].view(np.uint8)
    picture = pixels.reshape(*values.shape, 4)
    picture[..., 3] = (np.abs(known) * 255).round()
    return picture


def heat_png(values: FloatArray, colormap: str) -> bytes:
    """The picture of `coloured` as a PNG file with 256 colours: a sixth of the time, a third of the bytes.

    `SIGNED` has 127 levels on either side, so that zero stays transparent.
    """
    known, is_signed = np.nan_to_num(values), colormap == SIGNED
    levels = known * 127 + 128 if is_signed else known * 255
    picture = Image.fromarray(levels.round().astype(np.uint8))
    picture.putpalette(palette(colormap).tobytes())
    sizes = np.abs(np.arange(256) - 128) / 127 if is_signed else np.arange(256) / 255
    opacity = (sizes.clip(0, 1) * 255).round().astype(np.uint8)
    file = BytesIO()
    picture.save(file, "PNG", compress_level=1, transparency=opacity.tobytes())
    return file.getvalue()


@cache
def _opaque(colormap: str) -> NDArray[np.uint32]:
    """The palette's colours (256,) at full opacity, red in the first byte."""
    colours = np.full((256, 4), 255, np.uint8)
    colours[:, :3] = palette(colormap)
    return colours.view(np.uint32)[:, 0]


def overlay(image: Picture, values: FloatArray, colormap: str, opacity: float = 0.7) -> Picture:
    """Values over an RGB image (H, W, 3) of the same size; the unseen margin (NaN) is grey and hatched."""
    picture = np.empty_like(image)
    # In bands of rows: a 50-megapixel photo would take gigabytes as floats.
    for top in range(0, len(picture), 256):
        rows = slice(top, top + 256)
        heat = coloured(values[rows], colormap).astype(np.float32)
        alpha = heat[..., 3:] * (opacity / 255)
        picture[rows] = (image[rows] * (1 - alpha) + heat[..., :3] * alpha).round()
        _hatch(picture[rows], np.isnan(values[rows]), top)
    return picture


def jpeg(picture: Picture, quality: int = 90) -> bytes:
    """An RGB picture as a JPEG file."""
    return _encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def png(picture: Picture) -> bytes:
    """An RGB or RGBA picture as a PNG file, compressed for speed."""
    return _encoded(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def _hatch(band: Picture, unseen: NDArray[np.bool_], top: int) -> None:
    """Draw unseen pixels grey with thin lines, in a band of rows that begins at ``top``."""
    rows, columns = np.ogrid[top : top + len(band), : band.shape[1]]
    lines = unseen & ((rows + columns) % _HATCH_PERIOD < _HATCH_WIDTH)
    grey = band.mean(2, dtype=np.float32)[unseen, None]
    band[unseen] = (0.55 * grey + 0.45 * 225).round()
    band[lines] = (band[lines] * 0.88).round()


def _encoded(kind: str, picture: Picture, settings: list[int]) -> bytes:
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return cv2.imencode(kind, cv2.cvtColor(picture, order), settings)[1].tobytes()
