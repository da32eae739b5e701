"""Channels as tiles to click: one sheet of many, or the stages of a network beside each other."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray
from core.drawing.channel_grid import Layout, grid, page_layout, picture_grid
from core.drawing.render import jpeg, png
from core.inside.examples.channel_tiles import opaque
from pages._ui.kit.components import web
from pages._ui.kit.components.web import data_uri
from pages._ui.session import values

_SHEETS = web.component("sheets", "focus")
# Where a layer has few channels, they are drawn larger: up to how many, how many in a row, pixels of a tile.
_LARGER = ((16, 4, 160), (36, 6, 112))
_COLUMNS, _SIDE = 8, 96

Pictures = NDArray[np.uint8]
Pick = Callable[[str, int | None], None]


@dataclass(frozen=True, slots=True)
class Cell:
    """A channel: a number that stands beside its index, what the pointer reads, and whether it is chosen.

    One that is ``missing`` has no picture yet.
    """

    channel: int
    number: str
    meaning: str
    selected: bool
    missing: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Some of the ``num_channels`` channels of a layer: maps (k, h, w) in [0, 1], and which are silent (k,).

    Instead of maps, ``values`` may be pictures (k, H, W, 3), or drawings (k, H, W, 4) of few colours. With
    ``lines`` about the layer it is a stage, which can be clicked as a whole; the pointer reads its ``facts``.
    """

    layer: str
    num_channels: int
    cells: Sequence[Cell]
    values: FloatArray | Pictures
    silent: NDArray[np.bool_]
    lines: Sequence[str] = ()
    facts: Sequence[str] = ()
    selected: bool = False

    @property
    def columns(self) -> int:
        """How many tiles are in a row."""
        return self._size[0]

    @property
    def layout(self) -> Layout:
        """Where its tiles lie in its picture."""
        columns, side = self._size
        rows_and_columns = self.values.shape[1], self.values.shape[2]
        return page_layout(len(self.values), rows_and_columns, columns=columns, side=side)

    @property
    def _size(self) -> tuple[int, int]:
        return (_COLUMNS, _SIDE) if self.lines else _columns_and_side(self.num_channels)


def tile_side(num_channels: int) -> int:
    """The most pixels of a tile's side in a sheet of a layer with so many channels."""
    return _columns_and_side(num_channels)[1]


def _columns_and_side(num_channels: int) -> tuple[int, int]:
    larger = ((columns, side) for most, columns, side in _LARGER if num_channels <= most)
    return next(larger, (_COLUMNS, _SIDE))


def draw(sheets: Sequence[Sheet], *, key: str, on_pick: Pick, shown_in: str, title: str, hint: str) -> None:
    """Draw sheets below a heading; ``on_pick`` gets the layer and the channel that were clicked.

    The channel is None where the layer itself was clicked. A click brings the element ``shown_in`` of the
    page, a CSS selector, into view.
    """

    def picked() -> None:
        picked = values.picked_channel(key, {sheet.layer: sheet.num_channels for sheet in sheets})
        if picked is not None:
            on_pick(*picked)

    _SHEETS(
        key=key,
        data={
            "sheets": [_item(sheet) for sheet in sheets],
            "title": title,
            "hint": hint,
            "shown_in": shown_in,
        },
        on_picked_change=picked,
    )


def _item(sheet: Sheet) -> dict[str, object]:
    layout = sheet.layout
    cells = [asdict(cell) | {"corner": layout.corner(position)} for position, cell in enumerate(sheet.cells)]
    return {
        "id": sheet.layer,
        "label": sheet.layer,
        "picture": _picture(sheet),
        "size": layout.size,
        "tile": layout.tile,
        "columns": sheet.columns,
        "cells": cells,
        "lines": list(sheet.lines),
        "facts": list(sheet.facts),
        "selected": sheet.selected,
    }


def _picture(sheet: Sheet) -> str:
    """All tiles in one file; pictures as JPEG, for as PNG they would be large; drawings stay sharp as PNG."""
    layout = sheet.layout
    if sheet.values.shape[3:] == (4,):
        return data_uri(png(picture_grid(sheet.values.astype(np.uint8), sheet.silent, layout)), "png")
    if sheet.values.ndim == 4:
        return data_uri(jpeg(opaque(picture_grid(sheet.values.astype(np.uint8), sheet.silent, layout))))
    return data_uri(png(grid(sheet.values.astype(np.float32), sheet.silent, layout)), "png")
