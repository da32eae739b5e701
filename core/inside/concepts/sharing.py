"""The work of the second pass: what each concept contributes to each photo's predicted class."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from torch import Tensor

from core.arrays import FloatArray
from core.checkpoints import store
from core.checkpoints.card import Card
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.explain.concepts.shares import ConceptShares, concept_shares
from core.explain.network.tracing import towards, trace
from core.inside.examples.strongest import Peaks, peaks
from core.passes.pieces import InPieces
from core.passes.work import Compute, InputBatch, PhotoReader
from core.predictions.finite import refuse_infinite

_NUMBERS = pa.list_(pa.float64())
_SCHEMA = pa.schema(
    {
        "position": pa.int64(),
        "width": pa.int32(),
        "height": pa.int32(),
        "class_idx": pa.int32(),
        "logit": pa.float64(),
        "bias": pa.float64(),
        "residual": pa.float64(),
        "described": pa.float64(),
        "is_exact": pa.bool_(),
        "shares": _NUMBERS,
        "peak": _NUMBERS,
        "mean": _NUMBERS,
        "cell": pa.list_(pa.int64()),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class ConceptSharing:
    """For each image the shares of concepts (R, K) in the logit of its predicted class, and where each is."""

    folder: Path
    card: Card
    layer: str
    images: ImageSet
    directions: FloatArray
    loaded: Checkpoint | None = field(default=None)

    def __reduce__(self) -> tuple[object, ...]:
        return ConceptSharing, (self.folder, self.card, self.layer, self.images, self.directions)

    @property
    def reader(self) -> PhotoReader:
        """All images in order."""
        return PhotoReader(self.images, self.card.preprocess, np.arange(len(self.images)))

    def opened(self, device: str) -> Compute:
        """Load the network onto ``device``; gives a batch's rows, one for each photo."""
        loaded = self.loaded or store.load_for_speed(self.folder, device=device)
        return InPieces(partial(_table, self, loaded), pa.concat_tables)


def _table(work: ConceptSharing, loaded: Checkpoint, batch: InputBatch) -> pa.Table:
    if not len(batch.positions):
        return _SCHEMA.empty_table()
    inputs = work.card.preprocess.normalised(batch.pixels.to(loaded.device, non_blocking=True))
    traced = trace(loaded.model, inputs, [work.layer])
    refuse_infinite(traced.logits, repr(loaded.name))
    predicted = traced.logits.argmax(1)
    direction = towards(traced.logits, predicted.tolist())
    parts = concept_shares(traced, direction, work.layer, Tensor(work.directions))
    return pa.Table.from_pylist(list(_rows(batch, predicted, parts, peaks(parts.presence))), _SCHEMA)


def _rows(
    batch: InputBatch, predicted: Tensor, parts: ConceptShares, highest: Peaks
) -> Iterator[dict[str, Any]]:
    shares = parts.shares
    for place, position in enumerate(batch.positions.tolist()):
        width, height = batch.sizes[place].tolist()
        yield {
            "position": position,
            "width": width,
            "height": height,
            "class_idx": int(predicted[place]),
            "logit": float(parts.score[place]),
            "bias": float(parts.bias[place]),
            "residual": float(parts.residual[place]),
            "described": float(parts.described[place]),
            "is_exact": parts.is_exact,
            "shares": shares[place].tolist(),
            "peak": highest.activations[place].tolist(),
            "mean": highest.means[place].tolist(),
            "cell": highest.cells[place].tolist(),
        }
