"""Tools that change a whole photo, from light to rotation, shift and crop; and a pasted patch."""

from dataclasses import dataclass as plain_dataclass
from typing import Literal

from PIL import Image
from pydantic.dataclasses import dataclass

from core.errors import EditError
from core.images.degrading import degraded
from core.images.edits.fills import Photos, mean_colour
from core.images.edits.schema import SETTINGS, BoxEdges, Place, refuse_empty


@plain_dataclass(frozen=True, slots=True)
class Range:
    """What values an adjustment takes, the one that changes nothing, and the kind of degradation."""

    low: float
    high: float
    none: float
    unit: str
    kind: str


ADJUSTMENTS = {
    "light": Range(0, 4, 1, "times as bright", "brightness"),
    "contrast": Range(0, 4, 1, "times the contrast", "contrast"),
    "blur": Range(0, 20, 0, "% of the shorter side", "blur"),
    "noise": Range(0, 100, 0, "% of the range of values", "noise"),
    "jpeg": Range(1, 100, 100, "JPEG quality", "jpeg"),
    "rotate": Range(-180, 180, 0, "degrees to the left", "rotation"),
}


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Adjustment:
    """Changes the whole photo by a value in the range of `ADJUSTMENTS`.

    Corners that a rotation frees have the photo's mean colour.
    """

    tool: Literal["light", "contrast", "blur", "noise", "jpeg", "rotate"]
    value: float

    def __post_init__(self) -> None:
        valid = ADJUSTMENTS[self.tool]
        if not valid.low <= self.value <= valid.high:
            raise ValueError(f"{self.value:g} is beyond {valid.low:g} to {valid.high:g} {valid.unit}")

    def changed(self, photo: Image.Image, _photos: Photos) -> Image.Image:
        """The photo after the change; noise is always the same."""
        valid = ADJUSTMENTS[self.tool]
        return photo if self.value == valid.none else degraded(photo, valid.kind, self.value)


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Move:
    """Moves the photo to the right and down by whole pixels; what that frees has the photo's mean colour."""

    by: tuple[Place, Place]
    tool: Literal["shift"] = "shift"

    def changed(self, photo: Image.Image, _photos: Photos) -> Image.Image:
        """The photo, moved."""
        moved = Image.new("RGB", photo.size, mean_colour(photo))
        moved.paste(photo, self.by)
        return moved


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Flip:
    """Mirrors the photo: left becomes right."""

    tool: Literal["flip"]

    def changed(self, photo: Image.Image, _photos: Photos) -> Image.Image:
        """The photo, mirrored."""
        return photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Crop:
    """Keeps a box of the photo only; places of later edits are places on what is left."""

    box: BoxEdges
    tool: Literal["crop"] = "crop"

    def __post_init__(self) -> None:
        refuse_empty(self.box)

    def changed(self, photo: Image.Image, _photos: Photos) -> Image.Image:
        """The part of the photo that lies in the box."""
        left, top = max(0, self.box[0]), max(0, self.box[1])
        right, bottom = min(photo.width, self.box[2]), min(photo.height, self.box[3])
        if right <= left or bottom <= top:
            raise EditError(f"box {list(self.box)} misses the photo of {photo.width} × {photo.height} pixels")
        return photo.crop((left, top, right, bottom))


@dataclass(frozen=True, slots=True, config=SETTINGS)
class Paste:
    """Puts a box of another photo on this one, with its top left corner ``at`` a place."""

    photo: str
    box: BoxEdges
    at: tuple[Place, Place]
    tool: Literal["paste"] = "paste"

    def __post_init__(self) -> None:
        refuse_empty(self.box)

    def changed(self, photo: Image.Image, photos: Photos) -> Image.Image:
        """The photo with the patch; all pixels beside it stay bit-equal."""
        patch = Crop(self.box).changed(photos(self.photo), photos)
        with_patch = photo.copy()
        with_patch.paste(patch, self.at)
        return with_patch


Change = Adjustment | Move | Flip | Crop | Paste
