"""An inspection as files: activations as NPY, statistics as CSV, the grid and overlays as PNG."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from core import files
from core.drawing.channel_grid import grid, poster_layout
from core.drawing.render import png
from core.explanation import export
from core.images.preprocess import Preprocess
from core.inside.channels.inspection import Inspection
from core.inside.channels.layer_channels import parse_channels

_COLUMNS = ("channel", "minimum", "maximum", "mean", "strength", "share_of_zeros", "silent", "contribution")


def poster(inspection: Inspection, order: str = "index") -> bytes:
    """All channels as one PNG file, in one of `layer_channels.ORDERS`, each with its index."""
    shown = inspection.order(order)
    values = inspection.normalised[shown]
    layout = poster_layout(len(values), (values.shape[1], values.shape[2]))
    return png(grid(values, inspection.stats.silent[shown], layout, captions=shown))


def table(inspection: Inspection) -> bytes:
    """A CSV file with a row for each channel: its statistics, and its contribution to the class."""
    stats = inspection.stats
    numbers = (stats.minimum, stats.maximum, stats.mean, stats.strength, stats.share_of_zeros)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for channel in range(len(inspection.maps)):
        cells = [f"{each[channel]:.6g}" for each in numbers]
        silent, contribution = int(stats.silent[channel]), f"{inspection.contributions[channel]:.6g}"
        writer.writerow([channel, *cells, silent, contribution])
    return file.getvalue().encode()


def overlays(
    inspection: Inspection, wanted: str, preprocess: Preprocess, image: Image.Image
) -> dict[int, bytes]:
    """Overlays of channels such as ``0-3,12`` on the original image, as PNG files by channel."""
    chosen = parse_channels(wanted, len(inspection.maps))
    values = inspection.normalised
    return {
        channel: export.overlay(image, preprocess.on_image(values[channel], image.size), "viridis")
        for channel in chosen
    }


def save(folder: Path, inspection: Inspection, order: str, channel_overlays: Mapping[int, bytes]) -> None:
    """Write all files of an inspection into ``folder``, which is made if it is missing."""
    files.make_folder(folder)
    name = f"activations.{inspection.layer}"
    files.write(folder / f"{name}.npy", export.npy(inspection.maps.astype(np.float32)), durable=False)
    files.write(folder / f"{name}.csv", table(inspection), durable=False)
    files.write(folder / f"{name}.png", poster(inspection, order), durable=False)
    for channel, overlay in channel_overlays.items():
        files.write(folder / f"{name}.{channel}.overlay.png", overlay, durable=False)
