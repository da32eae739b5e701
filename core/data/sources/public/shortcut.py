"""Digits whose background gives the class away: scikit-learn's digits on textures of scikit-image.

In training, digits 0 to 4 lie mostly on grass, and 5 to 9 mostly on brick. In validation and test each class
lies on both alike. A network that reads the background is right in training and wrong on half of the rest.
"""

from dataclasses import replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.image_set import ImageSet, Labels, Pixels, fingerprint_of_pixels
from core.data.sources.source import Source
from core.errors import DataError

AGREEING = 0.97  # The usual share of each class's training images on its own background.
SIDE = 64  # Of an image, in pixels.
BACKGROUND = "background"  # The metadata column: grass or brick.
_BACKGROUNDS = ("grass", "brick")  # The own background of the digits 0 to 4, then of the others.
_HELD_OUT = {"val": 400, "test": 400}  # Of the 1,797 digits.
_TIMES = 3  # Each other digit is a training image so often, each time at another place.
_DIGIT = 44  # Side of a digit, enlarged from 8 pixels.
_FULL_INK = 16
_PALEST = 200  # The darkest red, green and blue of ink.
_OPAQUE = 0.5
_SETTINGS = ("agreeing", "seed")


def images(agreeing: float = AGREEING, seed: int = 0) -> ImageSet:
    """3,791 images (64 × 64), each with the mask of its digit and its ``background``.

    Args:
        agreeing: share of each class's training images on its own background, from 0 to 1; in validation and
            test it is a half.
        seed: decides the split, the backgrounds, the crops of the textures, colours and places.
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 (a second, only where it is needed)

    _refuse_odd(agreeing)
    digits, draw = load_digits(), np.random.default_rng(seed)
    digit, published = _parts(len(digits.target), draw)
    labels = digits.target[digit].astype(np.int64)
    backgrounds = _backgrounds(labels, published, agreeing, draw)
    enlarged = [_enlarged(ink / _FULL_INK) for ink in digits.images]
    opacity = np.stack([_placed(enlarged[each], draw) for each in digit])
    grounds = [_ground(name, draw) for name in backgrounds.tolist()]
    colours = draw.integers(_PALEST, 256, (len(labels), 3)).astype(np.float32)
    # One by one: all at once, as float, take far more memory, and twice as long.
    pixels = np.stack([_drawn(*each) for each in zip(grounds, opacity, colours, strict=True)])
    return ImageSet(
        name="shortcut",
        class_names=tuple("0123456789"),
        labels=labels,
        sample_ids=[f"shortcut/{index}" for index in range(len(labels))],
        image=Pixels(pixels),
        fingerprint=fingerprint_of_pixels(pixels, labels),
        published=published,
        metadata={BACKGROUND: backgrounds.tolist()},
        mask=(opacity >= _OPAQUE).__getitem__,
    )


def _parts(number: int, draw: np.random.Generator) -> tuple[Labels, NDArray[np.str_]]:
    """The digit of each image (N,), and its part: held-out digits occur once, the others `_TIMES`."""
    order = draw.permutation(number)
    parts = np.full(number, "train", "<U5")
    for part, size in _HELD_OUT.items():
        parts[order[:size]], order = part, order[size:]
    again = np.tile(np.sort(order), _TIMES - 1)
    digit = np.concatenate([np.arange(number), again])
    return digit, parts[digit]


def _backgrounds(
    labels: Labels, published: NDArray[np.str_], agreeing: float, draw: np.random.Generator
) -> NDArray[np.str_]:
    """The name of each image's texture (N,): its own class's for the share, drawn within part and class."""
    is_second = labels >= 5
    shares = {"train": agreeing} | dict.fromkeys(_HELD_OUT, 0.5)
    for part, share in shares.items():
        for label in range(10):
            members = draw.permutation(np.flatnonzero((published == part) & (labels == label)))
            others = members[round(share * len(members)) :]
            is_second[others] = ~is_second[others]
    return np.where(is_second, _BACKGROUNDS[1], _BACKGROUNDS[0])


def _enlarged(ink: NDArray[np.float64]) -> NDArray[np.float32]:
    """The opacity (_DIGIT, _DIGIT) of a digit (8, 8), in [0, 1]."""
    pixels = Image.fromarray((ink * 255).astype(np.uint8))
    return np.asarray(pixels.resize((_DIGIT, _DIGIT), Image.Resampling.BICUBIC), np.float32) / np.float32(255)


def _placed(large: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """An enlarged digit at a random place of an opacity (SIDE, SIDE)."""
    opacity = np.zeros((SIDE, SIDE), np.float32)
    top, left = draw.integers(SIDE - _DIGIT + 1, size=2)
    opacity[top : top + _DIGIT, left : left + _DIGIT] = large
    return opacity


def _drawn(
    ground: NDArray[np.uint8], opacity: NDArray[np.float32], colour: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """A digit of a colour (3,) and an opacity (SIDE, SIDE) on its ground (SIDE, SIDE, 3)."""
    below = ground.astype(np.float32)
    return np.rint(below + opacity[..., None] * (colour - below)).astype(np.uint8)


def _ground(name: str, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A square (SIDE, SIDE, 3) from a random place of a texture."""
    texture = _texture(name)
    top, left = (int(draw.integers(length - SIDE + 1)) for length in texture.shape[:2])
    return texture[top : top + SIDE, left : left + SIDE]


@lru_cache(len(_BACKGROUNDS))
def _texture(name: str) -> NDArray[np.uint8]:
    """A texture of scikit-image, 512 × 512 × 3."""
    with (files("skimage.data") / f"{name}.png").open("rb") as file:
        return np.asarray(Image.open(file).convert("RGB"))


def _refuse_odd(agreeing: float) -> None:
    """Raise ValueError for a share that is not in 0 to 1."""
    if not 0 <= agreeing <= 1:
        raise ValueError(f"the share of agreeing backgrounds must lie in 0 to 1, got {agreeing}")


def _changed(settings: str) -> Source:
    """The data set made with ``agreeing=SHARE`` or ``seed=NUMBER``, or both, with ``&`` between them."""
    given = dict(part.partition("=")[::2] for part in settings.split("&"))
    unknown = ", ".join(sorted(set(given) - set(_SETTINGS)))
    if unknown:
        raise DataError(f"shortcut has no setting {unknown!r}; there is {', '.join(_SETTINGS)}")
    try:
        agreeing, seed = float(given.get("agreeing", AGREEING)), int(given.get("seed", 0))
        _refuse_odd(agreeing)
    except ValueError as error:
        raise DataError(f"shortcut?{settings}: {error}") from error
    name = f"{SOURCE.name}?{settings}"
    return replace(
        SOURCE, name=name, load=lambda _folder: replace(images(agreeing, seed), name=name), changed=None
    )


SOURCE = Source(
    name="shortcut",
    title="Digits on grass and brick, of which the background tells most: 3,791 images of 64 × 64 pixels",
    where="nowhere: its parts come with scikit-learn and scikit-image",
    find=lambda folder: folder,
    load=lambda _folder: images(),
    is_embedded=True,
    changed=_changed,
)
