"""Tools that mark a part of a photo: rectangle, brush, polygon, or the object at a place."""

from typing import Annotated, Literal

import cv2
import numpy as np
from PIL import Image, ImageDraw
from pydantic import Field
from pydantic.dataclasses import dataclass

from core.images.edits import objects
from core.images.edits.fills import Fill, Inside
from core.images.edits.schema import SETTINGS, BoxEdges, Point, refuse_empty

_MOST_POINTS = 10_000
_FRACTION = 4  # Bits behind the point of OpenCV's coordinates.


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Rectangle:
    """Hides a box, or with ``outside`` everything else."""

    box: BoxEdges
    fill: Fill = "blur"
    outside: bool = False
    tool: Literal["rectangle"] = "rectangle"

    def __post_init__(self) -> None:
        refuse_empty(self.box)

    def marked(self, photo: Image.Image) -> Inside:
        """The pixels of the box, boolean (H, W)."""
        left, top, right, bottom = (max(0, edge) for edge in self.box)
        inside = _nothing(photo)
        inside[top:bottom, left:right] = True
        return inside


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Brush:
    """Hides what lies within ``radius`` pixels of a line through ``points``."""

    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=_MOST_POINTS)]
    radius: Annotated[float, Field(gt=0, le=10_000)]
    fill: Fill = "blur"
    outside: bool = False
    tool: Literal["brush"] = "brush"

    def marked(self, photo: Image.Image) -> Inside:
        """The pixels under the brush, boolean (H, W)."""
        line = _nothing(photo).astype(np.uint8)
        # Pixel (0, 0) has its centre at (0.5, 0.5); OpenCV's coordinates count from centres.
        places = np.round((np.asarray(self.points) - 0.5) * 2**_FRACTION).astype(np.int32)
        cv2.polylines(line, [places], isClosed=False, color=1, shift=_FRACTION)
        for x, y in places.tolist():
            cv2.circle(line, (x, y), 0, 1, -1, shift=_FRACTION)
        if not line.any():
            return line.astype(bool)
        distance = cv2.distanceTransform(1 - line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.asarray(distance <= self.radius)


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Polygon:
    """Hides what lies within a closed line through ``points``."""

    points: Annotated[tuple[Point, ...], Field(min_length=3, max_length=_MOST_POINTS)]
    fill: Fill = "blur"
    outside: bool = False
    tool: Literal["polygon"] = "polygon"

    def marked(self, photo: Image.Image) -> Inside:
        """The pixels within the line, boolean (H, W)."""
        picture = Image.new("1", photo.size)
        ImageDraw.Draw(picture).polygon([(x - 0.5, y - 0.5) for x, y in self.points], fill=1)
        return np.array(picture)


@dataclass(frozen=True, slots=True, config=SETTINGS)
class WholeObject:
    """Hides the object at a ``point`` or within a ``box``; with ``outside``, its background."""

    point: Point | None = None
    box: BoxEdges | None = None
    fill: Fill = "blur"
    outside: bool = False
    tool: Literal["object"] = "object"

    def __post_init__(self) -> None:
        if (self.point is None) == (self.box is None):
            raise ValueError("expected either a point on the object or a box around it")
        if self.box is not None:
            refuse_empty(self.box)

    def marked(self, photo: Image.Image) -> Inside:
        """The pixels of the object, boolean (H, W)."""
        if self.box is not None:
            return objects.in_box(photo, self.box)
        return objects.at_point(photo, self.point or (0, 0))


Part = Rectangle | Brush | Polygon | WholeObject


def _nothing(photo: Image.Image) -> Inside:
    return np.zeros((photo.height, photo.width), bool)
