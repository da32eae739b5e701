"""Augmentation that makes training images like new photos: as dark, as pale, as blurred as drift measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass

from core.data.augment import Augment
from core.errors import FileError, FixError
from core.files import stored
from core.images.degrading import degraded
from core.predictions.properties.measuring import SIDE, looks

UNLIKELY = 0.01  # As in a report on drift.
_NEGLIGIBLE = 0.1  # A factor within 10% of 1 is none.
_MOST_BLUR, _STEPS = 0.1, 14
_LENIENT = ConfigDict(extra="ignore")


@checked_dataclass(frozen=True, config=_LENIENT)
class Medians:
    """A property's median in known and in new photos, and the probability of such a shift by chance."""

    known: float
    new: float
    p_adjusted: float


@checked_dataclass(frozen=True, config=_LENIENT)
class DriftFound:
    """What a report on drift says: the probability of any drift by chance, and each property."""

    p: float
    properties: dict[str, Medians]

    @property
    def ratios(self) -> dict[str, float]:
        """Each property that has shifted: the new median relative to the known one."""
        return {
            name: each.new / each.known
            for name, each in self.properties.items()
            if each.p_adjusted < UNLIKELY and min(each.new, each.known) > 0
        }


@dataclass(frozen=True, slots=True)
class Match:
    """How known photos become like new ones; 1 and, for the blur, 0 are no change.

    ``blur`` is the standard deviation as a share of the shorter side. ``resolution`` is the share of the
    network's input, along its shorter side, that the new photos' pixels fill.
    """

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    blur: float = 0.0
    resolution: float = 1.0

    def __str__(self) -> str:
        factors = {"bright": self.brightness, "contrasted": self.contrast, "colourful": self.saturation}
        parts = [f"{factor:.2g} times as {name}" for name, factor in factors.items() if factor != 1]
        parts += [f"blurred by {self.blur:.1%} of the shorter side"] if self.blur else []
        parts += [f"of {self.resolution:.0%} of the resolution"] if self.resolution < 1 else []
        return ", ".join(parts)

    def added(self, augment: Augment) -> Augment:
        """The augmentation with changes that reach from none to this one."""
        changes: dict[str, Any] = {
            f"{name}_factor": (min(1.0, factor), max(1.0, factor))
            for name in ("brightness", "contrast", "saturation")
            if (factor := getattr(self, name)) != 1
        }
        changes |= {"blur": self.blur} if self.blur else {}
        changes |= {"resolution": self.resolution} if self.resolution < 1 else {}
        return replace(augment, **changes)

    def applied(self, photo: Image.Image, side: int) -> Image.Image:
        """An upright RGB photo made like the new ones; ``side`` is the network's shorter one in pixels."""
        for kind, value in (("brightness", self.brightness), ("contrast", self.contrast)):
            photo = degraded(photo, kind, value)
        photo = ImageEnhance.Color(photo).enhance(self.saturation)
        photo = degraded(photo, "blur", 100 * self.blur) if self.blur else photo
        if self.resolution < 1:
            photo = degraded(photo, "resolution", 100 * min(1.0, self.resolution * side / min(photo.size)))
        return photo


def read(path: Path) -> DriftFound:
    """What a report says, in the form of ``drift.json``; FixError if it is none."""
    try:
        return stored.checked(TypeAdapter(DriftFound), stored.parsed(path))
    except (FileError, ValueError) as error:
        raise FixError(f"{str(path)!r} is no report on drift: {error}") from error


def match(drift: DriftFound, side: int, photos: Callable[[], Sequence[Image.Image]]) -> Match:
    """The change that explains a drift; `Match` without changes if augmentation can explain nothing of it.

    Contrast, colours and sharpness shift with brightness: only what brightness leaves unexplained counts. The
    blur is the one that makes ``photos``, some of the known ones, as much less sharp.
    """
    shift = drift.ratios
    brightness = _clear(shift.get("brightness", 1.0))
    contrast = _clear(shift["contrast"] / brightness) if "contrast" in shift else 1.0
    scale = brightness * contrast
    saturation = _clear(shift["colourfulness"] / scale) if "colourfulness" in shift else 1.0
    left = _clear(shift["sharpness"] / scale**2) if "sharpness" in shift else 1.0
    return Match(
        brightness,
        contrast,
        saturation,
        _blur_for(left, photos()) if left < 1 else 0.0,
        _resolution(drift, side),
    )


def _clear(factor: float) -> float:
    return 1.0 if abs(factor - 1) < _NEGLIGIBLE else round(factor, 3)


def _resolution(drift: DriftFound, side: int) -> float:
    """The share of the input that the new photos' pixels fill, relative to the known photos'."""
    sides = [drift.properties[name] for name in ("width", "height") if name in drift.properties]
    if not any(each.p_adjusted < UNLIKELY for each in sides):
        return 1.0
    known, new = (min(1.0, min(getattr(each, name) for each in sides) / side) for name in ("known", "new"))
    return min(1.0, _clear(new / known))


def _blur_for(ratio: float, photos: Sequence[Image.Image]) -> float:
    """The blur that multiplies the sharpness of photos by a ratio below 1, in the median."""
    small = [photo.reduce(max(1, -(-max(photo.size) // SIDE))) for photo in photos]
    before = np.array([looks(photo)[3] for photo in small])
    low, high = 0.0, _MOST_BLUR
    for _ in range(_STEPS):
        middle = (low + high) / 2
        after = np.array([looks(degraded(photo, "blur", 100 * middle))[3] for photo in small])
        if np.median(after[before > 0] / before[before > 0]) > ratio:
            low = middle
        else:
            high = middle
    return round(high, 4)
