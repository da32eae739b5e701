"""The work of a search for examples: from a batch to the strongest peaks of each channel, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.checkpoints import store
from core.checkpoints.store import Card, Checkpoint
from core.data.image_set import ImageSet
from core.explain.network.activations import observe
from core.inside.examples.strongest import Strongest, none_yet, peaks
from core.inside.examples.strongest_table import as_table
from core.passes.pieces import InPieces
from core.passes.work import Compute, InputBatch, PhotoReader
from core.predictions.finite import not_finite

ByLayer = dict[str, Strongest]


@dataclass(frozen=True, slots=True, eq=False)
class Searching:
    """The strongest peaks in the layers that ``num_channels`` names, by the network in a checkpoint's folder.

    ``loaded`` is that network where this process has it already; it is not pickled.
    """

    folder: Path
    card: Card
    num_channels: Mapping[str, int]
    images: ImageSet
    loaded: Checkpoint | None = field(default=None)

    def __reduce__(self) -> tuple[object, ...]:
        return Searching, (self.folder, self.card, self.num_channels, self.images)

    @property
    def reader(self) -> PhotoReader:
        """All images in order."""
        return PhotoReader(self.images, self.card.preprocess, np.arange(len(self.images)))

    def opened(self, device: str) -> Compute:
        """Load the network onto ``device``; gives the function from a batch to its strongest peaks."""
        loaded = self.loaded or store.load_for_speed(self.folder, device=device)
        return partial(_table, InPieces(partial(joined, none_in(self.num_channels), loaded), merged))


def _table(strongest: InPieces[ByLayer], batch: InputBatch) -> pa.Table:
    return as_table(strongest(batch), batch.num_images - len(batch.positions))


def none_in(num_channels: Mapping[str, int]) -> ByLayer:
    """The empty state of each layer."""
    return {layer: none_yet(num) for layer, num in num_channels.items()}


def joined(strongest: ByLayer, loaded: Checkpoint, batch: InputBatch) -> ByLayer:
    """Updated with a batch of later samples; CheckpointError if activations are not finite."""
    if not len(batch.positions):
        return strongest
    inputs = loaded.card.preprocess.normalised(batch.pixels.to(loaded.device, non_blocking=True))
    highest = observe(loaded.model, inputs, list(strongest), peaks)
    if any(not (each.activations < float("inf")).all() for each in highest.values()):
        raise not_finite(f"activations of {loaded.name!r}")
    return {
        layer: each.joined(highest[layer], batch.positions, batch.sizes) for layer, each in strongest.items()
    }


def merged(parts: Sequence[ByLayer]) -> ByLayer:
    """The strongest of all parts, which are in the order of their samples."""
    first, *others = parts
    for each in others:
        first = {layer: strongest.merged(each[layer]) for layer, strongest in first.items()}
    return first
