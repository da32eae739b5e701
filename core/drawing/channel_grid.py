"""The channels of a layer as tiles of one picture: one page of them, or a poster of all."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray
from core.drawing.render import Picture, palette

Pixels = NDArray[np.uint32]  # RGBA, one number per pixel: copied four times as fast as bytes.

GAP, CAPTION = 4, 14  # Pixels between tiles, and for the text below a tile.
_POSTER_SIDE, _POSTER_TILE = 2400, 160
_SILENT, _SILENT_LINE, _TEXT = (176, 176, 176, 255), (150, 150, 150, 255), (128, 128, 128, 255)
_LINE_PERIOD = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of tiles in a picture, row by row: each ``tile`` (width, height) above its ``caption``."""

    num_tiles: int
    columns: int
    tile: tuple[int, int]
    caption: int = 0

    @property
    def rows(self) -> int:
        """Rows of tiles."""
        return -(-self.num_tiles // self.columns)

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height from one tile to the next."""
        return self.tile[0] + GAP, self.tile[1] + self.caption + GAP

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.columns * self.cell[0] - GAP, self.rows * self.cell[1] - GAP

    def corner(self, position: int) -> tuple[int, int]:
        """The left and top of a tile."""
        row, column = divmod(position, self.columns)
        return column * self.cell[0], row * self.cell[1]

    def position_at(self, x: float, y: float) -> int | None:
        """The tile whose picture or caption is at a pixel; None between tiles and outside."""
        (column, in_x), (row, in_y) = divmod(x, self.cell[0]), divmod(y, self.cell[1])
        position = int(row * self.columns + column)
        on_tile = in_x < self.tile[0] and in_y < self.tile[1] + self.caption
        inside = 0 <= column < self.columns and row >= 0 and position < self.num_tiles
        return position if on_tile and inside else None


def page_layout(num_tiles: int, map_size: tuple[int, int], *, columns: int = 8, side: int = 96) -> Layout:
    """Tiles of at most ``side`` pixels for maps (h, w), in rows of ``columns``."""
    return Layout(num_tiles, min(columns, num_tiles), _tile(map_size, side), CAPTION)


def poster_layout(num_tiles: int, map_size: tuple[int, int]) -> Layout:
    """All tiles in roughly a square of at most 2,400 pixels, each tile at most 160."""
    columns = math.ceil(math.sqrt(num_tiles))
    side = min(_POSTER_TILE, _POSTER_SIDE // columns - GAP - CAPTION)
    return Layout(num_tiles, columns, _tile(map_size, side), CAPTION)


def grid(
    values: FloatArray,
    silent: NDArray[np.bool_],
    layout: Layout,
    *,
    captions: Iterable[object] = (),
    colormap: str = "viridis",
) -> Picture:
    """Channels ``values`` (K, h, w) in [0, 1] as tiles of one RGBA picture, transparent between the tiles.

    Each cell is a square of one colour; if maps are larger than tiles, pixels are means of several cells.
    Silent channels (K,) are grey with thin lines, whatever their values.
    """
    return _board(_coloured(values, layout.tile, colormap), silent, layout, captions)


def picture_grid(
    pictures: NDArray[np.uint8],
    silent: NDArray[np.bool_],
    layout: Layout,
    *,
    captions: Iterable[object] = (),
) -> Picture:
    """RGB or RGBA pictures (K, H, W, 3 or 4) as tiles of one RGBA picture; silent ones (K,) as in `grid`."""
    tiles = [cv2.resize(each, layout.tile, interpolation=cv2.INTER_AREA) for each in pictures]
    if pictures.shape[3] == 3:
        tiles = [cv2.cvtColor(each, cv2.COLOR_RGB2RGBA) for each in tiles]
    return _board(np.stack(tiles).view(np.uint32)[..., 0], silent, layout, captions)


def _board(tiles: Pixels, silent: NDArray[np.bool_], layout: Layout, captions: Iterable[object]) -> Picture:
    tiles[silent] = _silent_tile(layout.tile)
    picture = _placed(tiles, layout).view(np.uint8).reshape(*reversed(layout.size), 4)
    for position, caption in enumerate(captions):
        x, y = layout.corner(position)
        where = (x, y + layout.tile[1] + layout.caption - 3)
        cv2.putText(picture, str(caption), where, cv2.FONT_HERSHEY_SIMPLEX, 0.35, _TEXT, 1, cv2.LINE_AA)
    return picture


def _tile(map_size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height: an integer multiple of a small map, or a large map scaled down to ``side``."""
    height, width = map_size
    factor: float = side // max(map_size) or side / max(map_size)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _coloured(values: FloatArray, tile: tuple[int, int], colormap: str) -> Pixels:
    """Tiles (K, height, width) of RGBA pixels."""
    width, height = tile
    rows, columns = values.shape[1:]
    if width < columns or height < rows:
        values = np.stack([cv2.resize(each, tile, interpolation=cv2.INTER_AREA) for each in values])
        rows, columns = height, width
    opaque = np.full((256, 1), 255, np.uint8)
    colours = np.hstack([palette(colormap), opaque]).view(np.uint32)[:, 0]
    pixels = colours[(values * 255).round().astype(np.uint8)]
    return pixels.repeat(height // rows, 1).repeat(width // columns, 2)


def _silent_tile(tile: tuple[int, int]) -> Pixels:
    rows, columns = np.ogrid[: tile[1], : tile[0]]
    lines = (rows + columns) % _LINE_PERIOD == 0
    return np.where(lines, _pixel(_SILENT_LINE), _pixel(_SILENT))


def _pixel(colour: tuple[int, int, int, int]) -> Pixels:
    return np.array(colour, np.uint8).view(np.uint32)


def _placed(tiles: Pixels, layout: Layout) -> Pixels:
    """Tiles in their rows and columns, zeros between them."""
    (width, height), (cell_width, cell_height) = layout.tile, layout.cell
    places = np.zeros((layout.rows * layout.columns, cell_height, cell_width), np.uint32)
    places[: len(tiles), :height, :width] = tiles
    by_row = places.reshape(layout.rows, layout.columns, cell_height, cell_width).swapaxes(1, 2)
    board: Pixels = by_row.reshape(layout.rows * cell_height, layout.columns * cell_width)
    return np.ascontiguousarray(board[:-GAP, :-GAP])
