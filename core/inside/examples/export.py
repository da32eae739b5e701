"""Examples of a layer's channels as files: a table, a poster, and a picture of nine patches per channel."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.compute as pc
from PIL import Image
from pyarrow import csv

from core import files
from core.data.image_set import ImageSet
from core.drawing.channel_grid import GAP
from core.drawing.render import png
from core.inside.examples.patches import Draw, by_sample_id, patches, poster, poster_layout, tile
from core.inside.examples.stored_examples import Example, Examples

_MANY, _SIDE, _SMALL_SIDE = 512, 96, 64  # Pixels of a patch; small where there are many channels.


def save(folder: Path, examples: Examples, layer: str, images: ImageSet, draw: Draw) -> int:
    """Write all files of a layer into ``folder``, made if missing; gives the number of silent channels."""
    files.make_folder(folder)
    name, channels = f"examples.{layer}", examples.of(layer)
    table = examples.table.filter(pc.equal(examples.table["layer"], layer))
    with files.draft(folder / f"{name}.csv", durable=False) as draft:
        csv.write_csv(table, draft, csv.WriteOptions(quoting_style="needed"))
    side = _SIDE if len(channels) <= _MANY else _SMALL_SIDE
    pictures = patches(channels, by_sample_id(images), side, draw)
    files.write(folder / f"{name}.png", png(poster(pictures)), durable=False)
    for channel, each in enumerate(channels):
        if each:
            files.write(folder / f"{name}.{channel}.png", png(tile(pictures[channel])), durable=False)
    return sum(not each for each in channels)


def poster_png(
    channels: Sequence[Sequence[Example]], image_of: Callable[[str], Image.Image], draw: Draw, num: int
) -> bytes:
    """Only the poster of a layer, with the first ``num`` examples of each channel: 9, 4 or 1.

    Patches are made at the poster's size, to save memory.
    """
    columns = math.isqrt(num)
    gaps = GAP * (columns - 1)
    tile_side = poster_layout(len(channels), 3 * _SIDE + 2 * GAP).tile[0]
    return png(poster(patches(channels, image_of, (tile_side - gaps) // columns, draw)[:, :num]))
