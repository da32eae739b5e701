"""Rows of a predictions table for samples of a data set."""

from collections.abc import Sequence

import pyarrow as pa
import torch
from torch import Tensor

from core.data.image_set import ImageSet, Labels
from core.predictions.prediction_table import rows


def sample_rows(
    images: ImageSet,
    indices: Labels,
    labels: Labels,
    splits: Sequence[str],
    *,
    logits: Tensor,
    network: str,
) -> pa.Table:
    """Rows of the samples ``indices`` (n,) of ``images``, with their labels, splits, and logits (n, C).

    CheckpointError, with the name of the checkpoint ``network``, if its logits are not finite.
    """
    ids = [images.sample_ids[index] for index in indices]
    paths = ids if images.root else [""] * len(ids)
    table = rows(
        logits, torch.from_numpy(labels), sample_ids=ids, paths=paths, split="", network=repr(network)
    )
    place = table.column_names.index("split")
    return table.set_column(place, "split", pa.array(splits, pa.string()))
