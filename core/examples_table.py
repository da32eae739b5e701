"""The examples table: the strongest cells as patches of the original images, and what is known already."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.data.image_set import ImageSet
from core.errors import CheckpointError
from core.examples import METADATA, Examples, read
from core.explain.receptive_field import Part, ReceptiveField
from core.preprocess import Preprocess, Window
from core.strongest import Strongest


def window_of(part: Part, preprocess: Preprocess, size: tuple[int, int]) -> Window:
    """A part of the network's input, in pixels of an image of ``size`` (width, height)."""
    seen, (height, width) = preprocess.window(size), preprocess.input_size
    left, right = np.interp((part.left, part.right), (0, width), (seen.left, seen.right)).tolist()
    top, bottom = np.interp((part.top, part.bottom), (0, height), (seen.top, seen.bottom)).tolist()
    return Window(left, top, right, bottom)


def rows(
    layer: str, strongest: Strongest, field: ReceptiveField, images: ImageSet, preprocess: Preprocess
) -> pa.Table:
    """A row for each example of a layer, by channel and rank.

    ``sample_id`` and ``path`` are those of the predictions table; ``row`` and ``column`` count the layer's
    cells, ``activation`` is that cell's and ``mean_activation`` that of all cells; ``left``, ``top``,
    ``right`` and ``bottom`` are in pixels of the original upright image.
    """
    channels, ranks = np.nonzero((strongest.activations > -np.inf).numpy())
    chosen = (channels, ranks)
    samples = strongest.samples.numpy()[chosen].tolist()
    cell_rows, cell_columns = np.divmod(strongest.cells.numpy()[chosen], len(field.columns))
    windows = [
        window_of(field.part(row, column), preprocess, (width, height))
        for row, column, (width, height) in zip(
            cell_rows, cell_columns, strongest.sizes.numpy()[chosen], strict=True
        )
    ]
    names = [images.sample_ids[sample] for sample in samples]
    return pa.table(
        {
            "layer": pa.array([layer] * len(samples), pa.string()),
            "channel": channels.astype(np.int32),
            "rank": ranks.astype(np.int32),
            "sample_id": pa.array(names, pa.string()),
            "path": pa.array(names if images.root else [""] * len(names), pa.string()),
            "class_name": pa.array(
                [images.class_names[images.labels[sample]] for sample in samples], pa.string()
            ),
            "row": cell_rows.astype(np.int32),
            "column": cell_columns.astype(np.int32),
            "activation": strongest.activations.numpy()[chosen],
            "mean_activation": strongest.means.numpy()[chosen],
            **_edges(windows),
        }
    )


def _edges(windows: list[Window]) -> dict[str, NDArray[np.float32]]:
    return {
        edge: np.array([getattr(window, edge) for window in windows], np.float32)
        for edge in ("left", "top", "right", "bottom")
    }


def described(examples: Examples) -> pa.Table:
    """The table with what it is about in its metadata."""
    return examples.table.replace_schema_metadata({METADATA: json.dumps(asdict(examples.about)).encode()})


def with_earlier(folder: Path, found: Examples) -> Examples:
    """With the other layers of a checkpoint's table, if that is of the same network and images."""
    try:
        earlier = read(folder)
    except CheckpointError:  # A damaged file is replaced.
        earlier = None
    if earlier is None or _origin(earlier) != _origin(found):
        return found
    layers = {**earlier.about.layers, **found.about.layers}
    is_new = pc.is_in(earlier.table["layer"], pa.array(list(found.about.layers)))
    kept = earlier.table.filter(pc.invert(is_new)).replace_schema_metadata(None)
    return Examples(pa.concat_tables([kept, found.table]), replace(found.about, layers=layers))


def _origin(examples: Examples) -> tuple[str, str]:
    return examples.about.network, examples.about.fingerprint
