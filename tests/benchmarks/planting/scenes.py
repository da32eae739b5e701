"""Scenes whose truth is known because they were made: an object in one quarter of a real texture."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TEXTURES = ("brick", "grass", "gravel")  # Of scikit-image, grey, 512 × 512.
_SHARE, _ROOM = 0.46, 0.04  # Of a scene's side: the object's longer side, and the room it has to move.
_CROPS = (0.4, 0.9)  # Of a texture's shorter side: the smallest and largest square that becomes a ground.
_OPAQUE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture of an object on a texture, and where the object is: true in ``mask`` (H, W)."""

    name: str
    texture: str
    picture: Image.Image
    mask: NDArray[np.bool_]


@cache
def textures() -> dict[str, Image.Image]:
    """The textures by name, RGB."""
    return {
        name: Image.open(BytesIO((files("skimage.data") / f"{name}.png").read_bytes())).convert("RGB")
        for name in TEXTURES
    }


@cache
def halves(*, upper: bool) -> dict[str, Image.Image]:
    """The upper or the lower halves of the textures, for training and for testing."""
    first, last = (0.0, 0.5) if upper else (0.5, 1.0)
    return {
        name: each.crop((0, int(first * each.height), each.width, int(last * each.height)))
        for name, each in textures().items()
    }


def ground(texture: Image.Image, side: int, draw: np.random.Generator) -> Image.Image:
    """A random square of a texture, drawn at ``side`` × ``side``."""
    shorter = min(texture.size)
    crop = int(draw.integers(int(_CROPS[0] * shorter), int(_CROPS[1] * shorter)))
    left, top = (int(draw.integers(length - crop + 1)) for length in texture.size)
    box = (left, top, left + crop, top + crop)
    return texture.resize((side, side), Image.Resampling.BICUBIC, box=box)


def plant(
    picture: Image.Image, onto: Image.Image, corner: int, draw: np.random.Generator
) -> tuple[Image.Image, NDArray[np.bool_]]:
    """An RGBA picture in a quarter of a square ground (0 to 3, by row), and its mask (H, W).

    The object keeps its shape. Where it is half transparent or more, the mask is false.
    """
    side = onto.width
    factor = _SHARE * side / max(picture.size)
    size = tuple(max(1, round(length * factor)) for length in picture.size)
    small = picture.resize(size, Image.Resampling.BICUBIC)
    room = [int(draw.integers(int(_ROOM * side) + 1)) for _ in size]
    # Each lies against the outer edges of its quarter, but for the room to move.
    far = (corner % 2, corner // 2)
    places = zip(far, room, size, strict=True)
    left, top = (side - length - gap if is_far else gap for is_far, gap, length in places)
    scene, alpha = onto.copy(), Image.new("L", onto.size)
    scene.paste(small, (left, top), small)
    alpha.paste(small.getchannel("A"), (left, top))
    return scene, np.asarray(alpha) >= _OPAQUE
