"""The examples table: the strongest cells as patches of the original images, and earlier layers."""

import json
from dataclasses import asdict, astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.arrays import IntArray
from core.data.image_set import ImageSet
from core.errors import CheckpointError
from core.explain.network.receptive_field import ReceptiveField
from core.images.preprocess import Preprocess
from core.inside.examples.stored_examples import METADATA, Examples, read
from core.inside.examples.strongest import Strongest

Points = NDArray[np.floating[Any]]


def in_image(shares: Points, seen: Points) -> Points:
    """Points (n, 2) relative to the part that the network sees, (0, 0) to (1, 1), in pixels of the images.

    ``seen`` (n, 4) are the edges of that part: left, top, right and bottom.
    """
    return seen[:, :2] * (1 - shares) + seen[:, 2:] * shares


def rows(
    layer: str, strongest: Strongest, field: ReceptiveField, images: ImageSet, preprocess: Preprocess
) -> pa.Table:
    """A row for each example of a layer, by channel and rank.

    ``sample_id`` and ``path`` are as in the predictions table. ``row`` and ``column`` count the layer's
    cells, ``activation`` is that cell's value and ``mean_activation`` the mean of all cells. ``x`` and ``y``
    are the cell's centre, taking cells as evenly spaced over what the network sees, and ``left``, ``top``,
    ``right`` and ``bottom`` its receptive field, all in pixels of the original upright image.
    """
    chosen = np.nonzero((strongest.activations > -np.inf).numpy())
    samples = strongest.samples.numpy()[chosen].tolist()
    cells = np.stack(np.divmod(strongest.cells.numpy()[chosen], len(field.columns)), 1)
    names = [images.sample_ids[sample] for sample in samples]
    classes = [images.class_names[images.labels[sample]] for sample in samples]
    return pa.table(
        {
            "layer": pa.array([layer] * len(samples), pa.string()),
            "channel": chosen[0].astype(np.int32),
            "rank": chosen[1].astype(np.int32),
            "sample_id": pa.array(names, pa.string()),
            "path": pa.array(names if images.root else [""] * len(names), pa.string()),
            "class_name": pa.array(classes, pa.string()),
            "row": cells[:, 0].astype(np.int32),
            "column": cells[:, 1].astype(np.int32),
            "activation": strongest.activations.numpy()[chosen],
            "mean_activation": strongest.means.numpy()[chosen],
            **_in_pixels(cells, strongest.sizes.numpy()[chosen], field, preprocess),
        }
    )


def _in_pixels(
    cells: IntArray, sizes: IntArray, field: ReceptiveField, preprocess: Preprocess
) -> dict[str, NDArray[np.float32]]:
    """Centres and receptive fields of cells (n, 2), by row and column, in images of ``sizes`` (n, 2)."""
    known = {size: astuple(preprocess.window(size)) for size in set(map(tuple, sizes.tolist()))}
    seen = np.array([known[width, height] for width, height in sizes.tolist()]).reshape(-1, 4)
    rows, columns = cells.T
    sides = field.input_size[::-1]
    first = np.stack([field.columns[columns, 0], field.rows[rows, 0]], 1) / sides
    last = np.stack([field.columns[columns, 1], field.rows[rows, 1]], 1) / sides
    centre = (cells[:, ::-1] + 0.5) / field.cells[::-1]
    points = np.hstack([in_image(each, seen) for each in (centre, first, last)]).astype(np.float32)
    return dict(zip(("x", "y", "left", "top", "right", "bottom"), points.T, strict=True))


def described(examples: Examples) -> pa.Table:
    """The table with its description as metadata."""
    return examples.table.replace_schema_metadata({METADATA: json.dumps(asdict(examples.about)).encode()})


def with_earlier(folder: Path, examples: Examples) -> Examples:
    """The examples with the other layers of the stored table, if it is of the same network and images."""
    try:
        earlier = read(folder)
    except CheckpointError:  # Damaged: it will be replaced.
        earlier = None
    if earlier is None or _origin(earlier) != _origin(examples):
        return examples
    layers = {**earlier.about.layers, **examples.about.layers}
    is_new = pc.is_in(earlier.table["layer"], pa.array(list(examples.about.layers)))
    kept = earlier.table.filter(pc.invert(is_new)).replace_schema_metadata(None)
    return Examples(pa.concat_tables([kept, examples.table]), replace(examples.about, layers=layers))


def _origin(examples: Examples) -> tuple[str, str]:
    return examples.about.network, examples.about.fingerprint
