"""The work of the first pass: some cells of a layer in each photo, all channels of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.card import Card
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.explain.network.tracing import trace
from core.passes.pieces import InPieces
from core.passes.work import Compute, InputBatch, PhotoReader

CELLS_PER_PHOTO = 49


@dataclass(frozen=True, slots=True, eq=False)
class CellCollecting:
    """For each photo of ``indices`` (n,) at most 49 cells of a layer, drawn at random where it has more."""

    folder: Path
    card: Card
    layer: str
    images: ImageSet
    indices: NDArray[np.int64]
    loaded: Checkpoint | None = field(default=None)

    def __reduce__(self) -> tuple[object, ...]:
        return CellCollecting, (self.folder, self.card, self.layer, self.images, self.indices)

    @property
    def reader(self) -> PhotoReader:
        """The photos in this order."""
        return PhotoReader(self.images, self.card.preprocess, self.indices)

    def opened(self, device: str) -> Compute:
        """Load the network onto ``device``; gives a batch's rows: a photo's position and its cells."""
        loaded = self.loaded or store.load_for_speed(self.folder, device=device)
        return InPieces(partial(_table, self, loaded), pa.concat_tables)


def _table(work: CellCollecting, loaded: Checkpoint, batch: InputBatch) -> pa.Table:
    positions = batch.positions.tolist()
    cells: list[NDArray[np.float16]] = []
    if positions:
        inputs = work.card.preprocess.normalised(batch.pixels.to(loaded.device, non_blocking=True))
        maps = trace(loaded.model, inputs, [work.layer]).activations[work.layer].detach()
        cells = [_some(each, position) for each, position in zip(maps, positions, strict=True)]
    return pa.table(
        {
            "position": pa.array(positions, pa.int64()),
            "channels": pa.array([each.shape[0] for each in cells], pa.int32()),
            "cells": pa.array([each.tobytes() for each in cells], pa.binary()),
        }
    )


def _some(maps: Tensor, position: int) -> NDArray[np.float16]:
    """Some cells (K, P) of one photo's maps (K, h, w); which ones depends on its position only."""
    flat = maps.flatten(1).float().cpu()
    generator = torch.Generator().manual_seed(position)
    drawn = torch.randperm(flat.shape[1], generator=generator)[:CELLS_PER_PHOTO].sort().values
    largest = float(np.finfo(np.float16).max)
    return flat[:, drawn].clamp(-largest, largest).numpy().astype(np.float16)


def maps_of(tables: Sequence[pa.Table]) -> Tensor:
    """The collected cells of all photos (N, K, P, 1)."""
    table = pa.concat_tables(tables)
    rows = zip(table["channels"].to_pylist(), table["cells"].to_pylist(), strict=True)
    arrays = [np.frombuffer(cells, np.float16).reshape(channels, -1) for channels, cells in rows]
    return torch.from_numpy(np.stack(arrays).astype(np.float32))[..., None]
