"""Images of ascent as files: a PNG each, one poster of all, and a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core import files
from core.drawing.channel_grid import picture_grid, poster_layout
from core.drawing.render import png
from core.explain.ascent import LOGITS, Ascended, Settings
from core.inside.ascents.images import AscentQuestion

_COLUMNS = ("channel", "activation", "dead", "method", "settings", "seed")


def stem(asked: AscentQuestion) -> str:
    """The start of file names: ``filters.blocks.2.plain``, for classes ``classes.plain``."""
    place = "classes" if asked.layer == LOGITS else f"filters.{asked.layer}"
    return f"{place}.{method(asked.settings)}"


def method(settings: Settings) -> str:
    """``plain`` or ``robust``."""
    return type(settings).__name__.lower()


def save_image(folder: Path, asked: AscentQuestion, ascended: Ascended) -> Path:
    """Write one channel's image into ``folder``, which is made if it is missing."""
    files.make_folder(folder)
    path = folder / f"{stem(asked)}.{ascended.channel}.png"
    files.write(path, png(ascended.picture), durable=False)
    return path


def save_summary(folder: Path, asked: AscentQuestion, ascended: Sequence[Ascended]) -> None:
    """Write the poster and the table of all channels, in the order of the question."""
    place = {channel: position for position, channel in enumerate(asked.channels)}
    in_order = sorted(ascended, key=lambda each: place[each.channel])
    files.write(folder / f"{stem(asked)}.poster.png", poster(in_order), durable=False)
    files.write(folder / f"{stem(asked)}.csv", table(asked, in_order), durable=False)


def poster(ascended: Sequence[Ascended]) -> bytes:
    """All images as one PNG file, each with its channel; dead channels are grey with thin lines."""
    pictures = np.stack([each.picture for each in ascended])
    dead = np.array([each.is_dead for each in ascended])
    layout = poster_layout(len(ascended), (pictures.shape[1], pictures.shape[2]))
    return png(picture_grid(pictures, dead, layout, captions=[each.channel for each in ascended]))


def table(asked: AscentQuestion, ascended: Sequence[Ascended]) -> bytes:
    """A CSV file with a row for each channel: the activation that its image reaches, whether it is dead."""
    settings = asdict(asked.settings)
    seed = settings.pop("seed")
    listed = " ".join(f"{name}={_text(value)}" for name, value in settings.items())
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in ascended:
        numbers = [each.channel, f"{each.activation:.6g}", int(each.is_dead)]
        writer.writerow([*numbers, method(asked.settings), listed, seed])
    return file.getvalue().encode()


def _text(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
