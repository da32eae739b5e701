"""Examples of channels for a page: small tiles, and the largest activations."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from PIL import Image

from core.drawing.channel_grid import GAP
from core.drawing.render import Picture, Pictures
from core.inside.examples.patches import Draw, patches, plain, tile
from core.inside.examples.stored_examples import Example, Examples
from core.inside.examples.strongest import NUM_EXAMPLES

_BETWEEN = 128  # A grey that is visible on a light page and on a dark one.


@dataclass(frozen=True, slots=True)
class Reached:
    """The largest activations of a channel among its examples: of one cell, and of the mean of all cells."""

    cell: float
    mean: float


def reached(examples: Examples, layer: str, channel: int) -> Reached | None:
    """The largest activations of a channel's examples; None if it has no examples."""
    table = examples.table
    own = table.filter(pc.and_(pc.equal(table["layer"], layer), pc.equal(table["channel"], channel)))
    if not len(own):
        return None
    return Reached(pc.max(own["activation"]).as_py(), pc.max(own["mean_activation"]).as_py())


def tiles(
    channels: Sequence[Sequence[Example]],
    image_of: Callable[[str], Image.Image],
    side: int,
    draw: Draw = plain,
    num: int = NUM_EXAMPLES,
) -> Pictures:
    """One picture for each channel (K, side, side, 3) of its first ``num`` examples: 9, 4 or 1."""
    columns = math.isqrt(num)
    parts = patches(channels, image_of, (side - GAP * (columns - 1)) // columns, draw)
    return np.stack([opaque(tile(each[:num])) for each in parts])


def pictures(
    wanted: Sequence[Example], image_of: Callable[[str], Image.Image], side: int, draw: Draw = plain
) -> list[Picture | None]:
    """The patches of one channel as pictures (side, side, 3); None for a patch that cannot be read."""
    parts = patches([wanted], image_of, side, draw)[0]
    return [opaque(parts[each.rank]) if parts[each.rank].any() else None for each in wanted]


def opaque(picture: Picture) -> Picture:
    """An RGBA picture as RGB, over a middle grey."""
    shares = picture[..., 3:].astype(np.float32) / 255
    opaque: Picture = (picture[..., :3] * shares + _BETWEEN * (1 - shares)).round().astype(np.uint8)
    return opaque
