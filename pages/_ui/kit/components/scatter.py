"""Points in a plane: a line around some chooses an area, a click one of them."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray, IntArray
from core.evaluation.feature_space.areas import Area, area_of
from pages._ui.kit.components import web
from pages._ui.session import values

_SCATTER = web.component("scatter", "room")


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """The colour of each point: ``idx`` (N,) into ``palette``, which has at most 256 colours.

    ``names`` are those of the colours, where each is a category. Without names the palette is a scale from
    ``low`` to ``high``, and its last colour stands for unknown values. ``sizes`` are the numbers of samples
    of the categories, where a point stands for several.
    """

    palette: Sequence[str]
    idx: IntArray
    names: Sequence[str] = ()
    low: str = ""
    high: str = ""
    sizes: Sequence[int] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points (N, 2) from 0 to 1, with the true and the predicted class of each, (N,), and their names.

    Where a point is a cell of a grid with ``side`` cells along each side of the map, ``counts`` (N,) are the
    numbers of samples in it.
    """

    places: FloatArray
    label: IntArray
    predicted: IntArray
    class_names: Sequence[str]
    counts: IntArray | None = None
    side: int = 0


def draw(
    points: Points,
    colours: Colours,
    area: Area | None,
    *,
    key: str,
    on_area: Callable[[Area | None], None],
    on_pick: Callable[[int], None],
) -> None:
    """Draw points and an area; ``on_area`` gets one that is drawn, ``on_pick`` the number of a point."""

    def outlined() -> None:
        corners = values.outline(key)
        if corners:
            on_area(area_of([x for x, _ in corners], [y for _, y in corners]))

    def picked() -> None:
        row = values.picked_row(key, len(points.places))
        if row is not None:
            on_pick(row)

    (left, low), (right, high) = points.places.min(0).tolist(), points.places.max(0).tolist()
    _SCATTER(
        key=key,
        data={
            "points": _packed(points.places.clip(0, 1) * np.iinfo(np.uint16).max, np.uint16),
            "colours": _packed(colours.idx, np.uint8),
            "labels": _packed(points.label, np.uint16),
            "predicted": _packed(points.predicted, np.uint16),
            "classes": list(points.class_names),
            "palette": list(colours.palette),
            "names": list(colours.names),
            "sizes": list(colours.sizes),
            "counts": "" if points.counts is None else _packed(points.counts, np.uint32),
            "side": points.side,
            "low": colours.low,
            "high": colours.high,
            "range": [left, right, low, high],
            "area": area.on_unit_square() if area else None,
            "label": "Map of the data: each point is a sample",
            "hint": "Draw around points to see their samples, or click one to open it",
        },
        on_outline_change=outlined,
        on_picked_change=picked,
    )


def _packed(numbers: FloatArray | IntArray, kind: type[np.unsignedinteger]) -> str:
    """Numbers in few bytes, as text."""
    return base64.b64encode(np.round(numbers).astype(np.dtype(kind).newbyteorder("<")).tobytes()).decode()
