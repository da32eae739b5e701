"""Objects to plant: cut from sample photos of scikit-image and scikit-learn, or from a folder of pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_SUFFIXES = {".png", ".webp"}
_ROUNDS = 4  # Of GrabCut.
_OPAQUE = 128


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """An object without its surroundings: an RGBA picture that ends where the object does.

    ``classes`` are the names of the classes that are right for it; empty where none is known.
    """

    name: str
    picture: Image.Image
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outline:
    """A rough outline around an object of a photo, by hand: corners as shares (x, y) of width and height."""

    package: str
    photo: str
    corners: tuple[tuple[float, float], ...]
    classes: tuple[str, ...]


_OUTLINES = {
    "cat": _Outline(
        "skimage.data",
        "chelsea.png",
        ((0.02, 0.3), (0.1, 0), (0.62, 0), (0.76, 0.12), (0.8, 0.62), (0.72, 0.9), (0.5, 1), (0.2, 1),
         (0, 0.8)),
        ("tabby", "tiger cat", "Egyptian cat", "lynx"),
    ),
    "coffee": _Outline(
        "skimage.data",
        "coffee.png",
        ((0.27, 0.05), (0.5, 0.01), (0.71, 0.1), (0.82, 0.5), (0.8, 0.85), (0.6, 0.99), (0.3, 0.97),
         (0.12, 0.7), (0.14, 0.38), (0.28, 0.3)),
        ("espresso", "cup", "coffee mug"),
    ),
    "photographer": _Outline(
        "skimage.data",
        "camera.png",
        ((0, 0.4), (0.3, 0.1), (0.55, 0.12), (0.68, 0.3), (0.66, 0.6), (0.82, 1), (0, 1)),
        ("tripod",),
    ),
    "dahlia": _Outline(
        "sklearn.datasets.images",
        "flower.jpg",
        ((0.25, 0.4), (0.35, 0.2), (0.5, 0.17), (0.65, 0.25), (0.72, 0.5), (0.65, 0.77), (0.48, 0.87),
         (0.3, 0.75)),
        ("daisy",),
    ),
}  # fmt: skip


def from_photos() -> list[CutOut]:
    """The objects of the sample photos, with their edges found by GrabCut (Rother 2004) inside an outline."""
    return [_grabbed(name, outline) for name, outline in _OUTLINES.items()]


def from_folder(folder: Path) -> list[CutOut]:
    """The pictures of a folder and of those in it that have transparent and opaque places; by name."""
    return list(_transparent(sorted(folder.rglob("*"))))


def _grabbed(name: str, outline: _Outline) -> CutOut:
    photo = Image.open(BytesIO((files(outline.package) / outline.photo).read_bytes())).convert("RGB")
    photo.thumbnail((300, 300))
    marks = _marks(photo.size, outline)
    pixels = np.ascontiguousarray(np.asarray(photo)[:, :, ::-1])
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels, marks, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = _largest((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD))
    photo.putalpha(Image.fromarray(found.astype(np.uint8) * 255))
    return CutOut(name, _cropped(photo), outline.classes)


def _marks(size: tuple[int, int], outline: _Outline) -> NDArray[np.uint8]:
    """What GrabCut starts from (H, W): surely outside, or perhaps the object."""
    near = Image.new("L", size, cv2.GC_BGD)
    ImageDraw.Draw(near).polygon([(x * size[0], y * size[1]) for x, y in outline.corners], fill=cv2.GC_PR_FGD)
    return np.array(near)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a mask, without its holes."""
    num, labels, measures, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    part = labels == 1 + measures[1:num, cv2.CC_STAT_AREA].argmax()
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(mask.shape, np.uint8), outlines, -1, 1, cv2.FILLED)
    return np.asarray(filled > 0)


def _cropped(picture: Image.Image) -> Image.Image:
    """The picture as far as it is opaque."""
    return picture.crop(picture.getchannel("A").point(lambda alpha: 255 * (alpha >= _OPAQUE)).getbbox())


def _transparent(paths: list[Path]) -> Iterator[CutOut]:
    for path in paths:
        if path.suffix.lower() in _SUFFIXES:
            picture = Image.open(path).convert("RGBA")
            low, high = picture.getchannel("A").getextrema()
            if low < _OPAQUE <= high:
                yield CutOut(path.stem, _cropped(picture))
