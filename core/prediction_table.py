"""The predictions table: a row a sample, from which every number about mistakes is computed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from core import files
from core.prediction_schema import METADATA

_TOP = 5


def rows(
    logits: Tensor, labels: Tensor, *, sample_ids: Sequence[str], paths: Sequence[str], split: str
) -> pa.Table:
    """Rows from logits (N, C) and labels (N,).

    ``loss`` is the cross entropy in nats; ``margin`` the probability of the predicted class minus that of the
    next, if there is one; ``path`` is relative to the root of the data, empty where the images are embedded.
    """
    logits = logits.double()
    probabilities = logits.softmax(1)
    values, classes = probabilities.topk(min(_TOP, logits.shape[1]), dim=1)
    every = torch.arange(len(labels))
    return pa.table(
        {
            "sample_id": pa.array(sample_ids, pa.string()),
            "path": pa.array(paths, pa.string()),
            "split": pa.array([split] * len(labels), pa.string()),
            "label": labels.to(torch.int32).numpy(),
            "predicted": classes[:, 0].to(torch.int32).numpy(),
            "p_label": probabilities[every, labels].float().numpy(),
            "p_predicted": values[:, 0].float().numpy(),
            "top5": _lists(classes.to(torch.int32)),
            "top5_probability": _lists(values.float()),
            "loss": torch.nn.functional.cross_entropy(logits, labels, reduction="none").float().numpy(),
            "margin": (values[:, 0] - values[:, 1:2].sum(1)).float().numpy(),
        },
        metadata=METADATA,
    )


def write(path: Path, table: pa.Table) -> None:
    """Write a table whole or not at all."""
    with files.draft(path) as draft:
        pq.write_table(table, draft, compression="zstd")


def joined(parts: Sequence[Path], order: Sequence[str]) -> pa.Table:
    """The rows of several files in the order of their ``sample_id``s in ``order``."""
    table = pa.concat_tables([pq.read_table(part) for part in parts])
    position = {sample_id: place for place, sample_id in enumerate(order)}
    places = np.array([position[each] for each in table["sample_id"].to_pylist()])
    return table.take(np.argsort(places))


def _lists(values: Tensor) -> pa.Array:
    """(N, k) as a column of lists."""
    flat = pa.array(values.reshape(-1).numpy())
    offsets = pa.array(np.arange(len(values) + 1, dtype=np.int32) * values.shape[1])
    return pa.ListArray.from_arrays(offsets, flat)
