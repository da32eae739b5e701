"""The work of an evaluation: rows of the predictions table from a batch of samples."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.card import Card, network_values
from core.checkpoints.store import Checkpoint
from core.passes.pieces import InPieces
from core.passes.work import Compute, InputBatch, PhotoReader, Reader
from core.predictions import sample_features
from core.predictions.evaluating.samples import Samples
from core.predictions.properties.measuring import MEASURED, AlsoMeasured, Measuring
from core.predictions.sample_features import FEATURES, Layer, logits_and_features, num_features
from core.predictions.sample_rows import sample_rows
from core.predictions.score_files import as_column


@dataclass(frozen=True, slots=True, eq=False)
class Predicting:
    """Rows for the samples, by the network in a checkpoint's folder; ``pixels`` may replace their files.

    Beside the columns of the predictions table, rows have `FEATURES`, unless the network has none, and
    `MEASURED`.
    """

    folder: Path
    card: Card
    samples: Samples
    pixels: Reader | None = None

    @property
    def reader(self) -> Reader:
        """The samples in their order."""
        images, indices = self.samples.images, self.samples.indices
        measure = Measuring(images, self.card.preprocess)
        if self.pixels is not None:
            return AlsoMeasured(self.pixels, measure, indices)
        return PhotoReader(images, self.card.preprocess, indices, measure)

    def opened(self, device: str) -> Compute:
        """Load the network onto ``device``; gives the function from a batch to its rows."""
        loaded = store.load_for_speed(self.folder, device=device)
        layer = sample_features.source(loaded.model)
        return InPieces(partial(_rows, loaded, layer, self.samples), pa.concat_tables)


def key_of(card: Card, samples: Samples) -> str:
    """A hash of everything that the predictions depend on: weights, preprocess, images, labels, splits."""
    known = (*network_values(card), samples.images.fingerprint)
    digest = hashlib.blake2b(repr(known).encode(), digest_size=12)
    for array in (samples.indices, samples.labels[samples.indices], samples.splits[samples.indices]):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@torch.inference_mode()
def _rows(loaded: Checkpoint, layer: Layer | None, samples: Samples, batch: InputBatch) -> pa.Table:
    logits, features = _outputs(loaded, layer, batch)
    indices = samples.indices[batch.positions.numpy()]
    splits, labels = samples.splits[indices].tolist(), samples.labels[indices]
    table = sample_rows(samples.images, indices, labels, splits, logits=logits, network=loaded.name)
    for name, values in zip(MEASURED, batch.measured.reshape(-1, len(MEASURED)).T.numpy(), strict=True):
        table = table.append_column(name, pa.array(values))
    return table if features is None else table.append_column(FEATURES, as_column(features.numpy()))


def _outputs(loaded: Checkpoint, layer: Layer | None, batch: InputBatch) -> tuple[Tensor, Tensor | None]:
    """Logits (n, C) and features (n, D) of a batch, which may be empty; no features without a layer."""
    if not len(batch.positions):
        features = None if layer is None else torch.empty(0, num_features(layer), dtype=torch.float16)
        return torch.empty(0, len(loaded.card.class_names)), features
    inputs = loaded.card.preprocess.normalised(batch.pixels.to(loaded.device, non_blocking=True))
    if layer is None:
        return loaded.model(inputs).cpu(), None
    logits, features = logits_and_features(loaded.model, inputs, layer)
    return logits.cpu(), features.cpu()
