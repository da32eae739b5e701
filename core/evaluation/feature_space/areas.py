"""Areas of a map of the data: polygons that a user draws, as text for an address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray

_MOST_CORNERS = 40
_AREA = re.compile(r"(\d{1,3}-\d{1,3}_)*\d{1,3}-\d{1,3}")
_SIDE = 999  # Steps of an address along each side of the map.


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon by its corners (x, y), whole numbers from 0 to 999: the sides of the map."""

    corners: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        """``0-0_999-0_999-999``."""
        return "_".join(f"{x}-{y}" for x, y in self.corners)

    def on_unit_square(self) -> list[tuple[float, float]]:
        """The corners from 0 to 1."""
        return [(x / _SIDE, y / _SIDE) for x, y in self.corners]

    def contains(self, points: FloatArray) -> NDArray[np.bool_]:
        """Whether each point (N, 2) of a map, from 0 to 1, is inside (even-odd rule)."""
        x, y = points.T * _SIDE
        inside = np.zeros(len(points), bool)
        for (left, low), (right, high) in zip(
            self.corners, [*self.corners[1:], self.corners[0]], strict=True
        ):
            if low != high:
                crosses = (low > y) != (high > y)
                inside ^= crosses & (x < (right - left) * (y - low) / (high - low) + left)
        return inside


def area_of(x: Sequence[float], y: Sequence[float]) -> Area | None:
    """The area whose corners have these coordinates from 0 to 1; None for fewer than three corners.

    Of many corners, as a hand draws them, 40 are kept.
    """
    some = np.linspace(0, len(x) - 1, min(len(x), _MOST_CORNERS)).round().astype(int)
    corners = np.clip(np.array([x, y], float).T[some] * _SIDE, 0, _SIDE).round().astype(int).tolist()
    kept = [tuple(corner) for corner in corners]
    return Area(tuple(kept)) if len(set(kept)) > 2 else None


def read(text: str) -> Area | None:
    """The area that an address names; None if it names none."""
    corners = [corner.split("-") for corner in text.split("_")]
    if not _AREA.fullmatch(text) or not 3 <= len(corners) <= _MOST_CORNERS:
        return None
    return Area(tuple((int(x), int(y)) for x, y in corners))


def on_unit_square(points: FloatArray) -> FloatArray:
    """Points (N, 2) moved, and scaled alike along both axes, so that the longer one is 0 to 1."""
    low, high = points.min(0), points.max(0)
    longest = max(float((high - low).max()), 1e-12)
    centred: FloatArray = ((points - (low + high) / 2) / longest + 0.5).astype(np.float32)
    return centred
