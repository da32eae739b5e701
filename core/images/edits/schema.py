"""Types of the numbers in an edit, each with its range. Places are pixels from the top left corner."""

from typing import Annotated

from pydantic import ConfigDict, Field

SETTINGS = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

_FAR = 1_000_000
Place = Annotated[int, Field(ge=-_FAR, le=_FAR)]
Position = Annotated[float, Field(ge=-_FAR, le=_FAR)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
# Left, top, right and bottom; pixels at the right and bottom edge lie outside.
BoxEdges = tuple[Place, Place, Place, Place]
Point = tuple[Position, Position]


def refuse_empty(box: BoxEdges) -> None:
    """ValueError for a box without any pixel."""
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        raise ValueError(f"box {list(box)} is empty; expected left < right and top < bottom")
