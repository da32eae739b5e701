"""Augmentation: random changes of training images, never of validation images."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum

import torch
from torch import Tensor, nn

from core.data.changes import (
    AREA,
    RandomAffineOfPlane,
    RandomBlur,
    RandomChannelShift,
    RandomGamma,
    RandomPatch,
    RandomResolution,
)
from core.images import transforms
from core.images.preprocess import Preprocess

COLOURS = {"black": 0, "grey": 128, "white": 255}
PATCHES = (*COLOURS, "colour", "noise")
# What grid_sample calls it.
BEYOND = {"reflect": "reflection", "nearest": "border"}
FILLS = (*COLOURS, *BEYOND)
_SHARES = ("translate", "crop", "occlusion", "brightness", "contrast", "saturation", "channel_shift")
_MOST_FACTOR = 100
_GREATEST = {"hue": 0.5, "rotation": 180, "shear": 89, "blur": 0.5} | dict.fromkeys(_SHARES, 1)
_FACTORS = ("brightness_factor", "contrast_factor", "saturation_factor")
_INTERVALS = ("zoom", "gamma", *_FACTORS)


@dataclass(frozen=True, slots=True)
class Augment:
    """The strength of each change; zero, or an empty interval, means no change.

    Attributes:
        flip: Mirror half of the images left to right.
        vertical_flip: Mirror half of the images top to bottom.
        rotation: Largest rotation in degrees, in either direction.
        translate: Largest shift relative to width and height, in either direction.
        zoom: Smallest and largest magnification; 1 is none.
        shear: Largest shear in degrees, in either direction.
        crop: Smallest share of the area that a random crop keeps; 1 keeps the whole image.
        brightness: Largest relative change of brightness, in either direction.
        contrast: Largest relative change of contrast, in either direction.
        saturation: Largest relative change of saturation, in either direction.
        brightness_factor: Smallest and largest factor of brightness; below 1 is darker.
        contrast_factor: Smallest and largest factor of contrast.
        saturation_factor: Smallest and largest factor of saturation.
        hue: Largest shift on the colour circle, as a share of it, up to 0.5.
        gamma: Smallest and largest exponent of the values; 1 changes nothing.
        channel_shift: Largest shift of each channel by itself, as a share of the range, in either direction.
        blur: Largest standard deviation of a Gaussian blur, as a share of the shorter side, up to 0.5.
        resolution: Smallest share of its width and height to which an image is reduced, then enlarged again;
            1 keeps all pixels.
        occlusion: Probability that a patch of 2 to 20% of the area is covered.
        patch: What covers it: ``black``, ``grey`` or ``white``; ``colour``, a random one; ``noise``, a random
            one for each pixel.
        fill: What is in the corners that rotation, translation, zoom and shear leave empty: ``black``,
            ``grey`` or ``white``; ``reflect``, the image mirrored; ``nearest``, its outermost pixels.
    """

    flip: bool = False
    vertical_flip: bool = False
    rotation: float = 0.0
    translate: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    shear: float = 0.0
    crop: float = 1.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    brightness_factor: tuple[float, float] = (1.0, 1.0)
    contrast_factor: tuple[float, float] = (1.0, 1.0)
    saturation_factor: tuple[float, float] = (1.0, 1.0)
    hue: float = 0.0
    gamma: tuple[float, float] = (1.0, 1.0)
    channel_shift: float = 0.0
    blur: float = 0.0
    resolution: float = 1.0
    occlusion: float = 0.0
    patch: str = "grey"
    fill: str = "black"

    def __post_init__(self) -> None:
        for name, greatest in _GREATEST.items():
            if not 0 <= getattr(self, name) <= greatest:
                raise ValueError(f"{name} {getattr(self, name)!r} must lie in 0 to {greatest}")
        if not 0 < self.resolution <= 1:
            raise ValueError(f"resolution {self.resolution!r} must lie above 0, up to 1")
        for name in _INTERVALS:
            low, high = getattr(self, name)
            if not 1 / _MOST_FACTOR <= low <= high <= _MOST_FACTOR:
                reach = f"{1 / _MOST_FACTOR:g} to {_MOST_FACTOR}"
                wanted = f"two numbers above 0, the smaller first, in {reach}"
                raise ValueError(f"{name} {[low, high]!r} must be {wanted}")
        for name, choices in (("patch", PATCHES), ("fill", FILLS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} {getattr(self, name)!r} is none of {', '.join(choices)}")

    @property
    def is_none(self) -> bool:
        """Whether images stay unchanged."""
        ignored = {"patch", "fill"}
        return all(
            getattr(self, each.name) == each.default for each in fields(self) if each.name not in ignored
        )


def transform(augment: Augment, preprocess: Preprocess) -> nn.Module:
    """The random changes of one uint8 image (channels, H + 2 margin, W + 2 margin) to (channels, H, W)."""
    name = "nearest" if preprocess.interpolation == "nearest" else "bilinear"
    filter_ = transforms.v2().InterpolationMode(name)
    return nn.Sequential(
        *_colour(augment),
        *_detail(augment),
        *_geometry(augment, filter_),
        *_cut(augment, preprocess, filter_),
    )


def augmented(pixels: Tensor, change: nn.Module, seed: int, keys: Sequence[tuple[int, int]]) -> Tensor:
    """Each image of (n, channels, H, W) changed with its own random numbers.

    They depend only on ``seed`` and the image's key (epoch, index): not on the order, the number of workers,
    or earlier draws. The caller's random state is restored.
    """
    with torch.random.fork_rng(devices=[]):
        changed = []
        for image, key in zip(pixels, keys, strict=True):
            # Not torch.manual_seed, which also seeds GPUs: an image would determine the dropout there.
            torch.default_generator.manual_seed(_mixed(seed, *key))
            changed.append(change(image))
    return torch.stack(changed)


def _colour(augment: Augment) -> list[nn.Module]:
    strengths = (augment.brightness, augment.contrast, augment.saturation, augment.hue)
    v2 = transforms.v2()
    jitter = [v2.ColorJitter(*strengths)] if any(strengths) else []
    factors = [getattr(augment, name) for name in _FACTORS]
    # ColorJitter draws the order anew for each image; one by one, brightness comes first, as in a dark room.
    jitter += [
        v2.ColorJitter(**{name.removesuffix("_factor"): interval})
        for name, interval in zip(_FACTORS, factors, strict=True)
        if interval != (1.0, 1.0)
    ]
    gamma = [RandomGamma(*augment.gamma)] if augment.gamma != (1.0, 1.0) else []
    shift = [RandomChannelShift(augment.channel_shift)] if augment.channel_shift else []
    return [*jitter, *gamma, *shift]


def _detail(augment: Augment) -> list[nn.Module]:
    blur = [RandomBlur(augment.blur)] if augment.blur else []
    return [*blur, RandomResolution(augment.resolution)] if augment.resolution < 1 else [*blur]


def _geometry(augment: Augment, filter_: Enum) -> list[nn.Module]:
    v2 = transforms.v2()
    flips = [v2.RandomHorizontalFlip()] if augment.flip else []
    flips += [v2.RandomVerticalFlip()] if augment.vertical_flip else []
    if not (augment.rotation or augment.translate or augment.shear or augment.zoom != (1.0, 1.0)):
        return flips
    affine = v2.RandomAffine(
        degrees=augment.rotation,
        translate=(augment.translate, augment.translate),
        scale=augment.zoom,
        shear=augment.shear or None,
        interpolation=filter_,
        fill=COLOURS.get(augment.fill, 0),
    )
    if augment.fill in COLOURS:
        return [*flips, affine]
    return [*flips, RandomAffineOfPlane(affine, beyond=BEYOND[augment.fill], mode=filter_.value)]


def _cut(augment: Augment, preprocess: Preprocess, filter_: Enum) -> list[nn.Module]:
    v2, size = transforms.v2(), list(preprocess.input_size)
    if augment.crop < 1:
        scale = (augment.crop, 1.0)
        cut: list[nn.Module] = [v2.RandomResizedCrop(size, scale=scale, interpolation=filter_)]
    else:
        cut = [v2.RandomCrop(size)] if preprocess.margin else []
    if augment.occlusion and augment.patch in COLOURS:
        cut.append(v2.RandomErasing(augment.occlusion, scale=AREA, value=COLOURS[augment.patch]))
    elif augment.occlusion:
        cut.append(RandomPatch(augment.occlusion, is_noise=augment.patch == "noise"))
    return cut


def _mixed(*numbers: int) -> int:
    """63 bits from all numbers and their order."""
    text = ",".join(map(str, numbers)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1
