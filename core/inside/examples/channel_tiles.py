"""Real examples of channels as a page shows them: small tiles, and the largest values that they reach."""

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

_BETWEEN = 128  # A grey that is seen on a light page and on a dark one.


@dataclass(frozen=True, slots=True)
class Reached:
    """The largest activations of a channel among its examples: of one cell, and the mean of all cells."""

    cell: float
    mean: float


def reached(examples: Examples, layer: str, channel: int) -> Reached | None:
    """What the examples of a channel reach; None where it has none."""
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
    """The first ``num`` examples of each channel, 9, 4 or 1, as a picture each (K, side, side, 3)."""
    columns = math.isqrt(num)
    found = patches(channels, image_of, (side - GAP * (columns - 1)) // columns, draw)
    return np.stack([opaque(tile(each[:num])) for each in found])


def pictures(
    wanted: Sequence[Example], image_of: Callable[[str], Image.Image], side: int, draw: Draw = plain
) -> list[Picture | None]:
    """The patches of one channel as pictures (side, side, 3); None for one that cannot be read."""
    found = patches([wanted], image_of, side, draw)[0]
    return [opaque(found[each.rank]) if found[each.rank].any() else None for each in wanted]


def opaque(picture: Picture) -> Picture:
    """An RGBA picture as RGB, over a middle grey."""
    shares = picture[..., 3:].astype(np.float32) / 255
    opaque: Picture = (picture[..., :3] * shares + _BETWEEN * (1 - shares)).round().astype(np.uint8)
    return opaque
