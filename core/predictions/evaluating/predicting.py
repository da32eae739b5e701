"""The work of an evaluation: rows of the predictions table from a batch of samples."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from core.checkpoints import store
from core.checkpoints.card import Card, network_values
from core.checkpoints.store import Checkpoint
from core.passes.pieces import InPieces
from core.passes.work import Compute, InputBatch, PhotoReader, Reader
from core.predictions.evaluating.samples import Samples
from core.predictions.sample_rows import sample_rows


@dataclass(frozen=True, slots=True, eq=False)
class Predicting:
    """Rows for the samples, by the network in a checkpoint's folder; ``pixels`` may replace their files."""

    folder: Path
    card: Card
    samples: Samples
    pixels: Reader | None = None

    @property
    def reader(self) -> Reader:
        """The samples in their order."""
        return self.pixels or PhotoReader(self.samples.images, self.card.preprocess, self.samples.indices)

    def opened(self, device: str) -> Compute:
        """Load the network onto ``device``; gives the function from a batch to its rows."""
        loaded = store.load_for_speed(self.folder, device=device)
        return InPieces(partial(_rows, loaded, self.samples), pa.concat_tables)


def key_of(card: Card, samples: Samples) -> str:
    """A hash of everything that the predictions depend on: weights, preprocess, images, labels, splits."""
    known = (*network_values(card), samples.images.fingerprint)
    digest = hashlib.blake2b(repr(known).encode(), digest_size=12)
    for array in (samples.indices, samples.labels[samples.indices], samples.splits[samples.indices]):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@torch.inference_mode()
def _rows(loaded: Checkpoint, samples: Samples, batch: InputBatch) -> pa.Table:
    logits = torch.empty(0, len(loaded.card.class_names))
    if len(batch.positions):
        on_device = batch.pixels.to(loaded.device, non_blocking=True)
        logits = loaded.model(loaded.card.preprocess.normalised(on_device)).cpu()
    indices = samples.indices[batch.positions.numpy()]
    splits, labels = samples.splits[indices].tolist(), samples.labels[indices]
    return sample_rows(samples.images, indices, labels, splits, logits=logits, network=loaded.name)
