"""The patches of photos where each concept is strongest, as those of channels are shown."""

import numpy as np
import pyarrow as pa
import torch

from core.checkpoints.card import network_fingerprint
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.explain.network.receptive_field import receptive_field
from core.inside.examples.patch_table import rows
from core.inside.examples.stored_examples import Examples, ExamplesMetadata, LayerSize
from core.inside.examples.strongest import Peaks, none_yet


def concept_examples(loaded: Checkpoint, layer: str, images: ImageSet, table: pa.Table) -> Examples:
    """For each concept the nine photos, and cells, with the most of it.

    Concepts take the place of channels. ``table`` has the rows of `core.inside.concepts.sharing`.
    """
    peak, mean, cell = (
        torch.from_numpy(np.array(table[name].to_pylist())) for name in ("peak", "mean", "cell")
    )
    sizes = torch.tensor([table["width"].to_pylist(), table["height"].to_pylist()]).T
    strongest = none_yet(peak.shape[1]).joined(
        Peaks(peak.float(), mean.float(), cell), torch.tensor(table["position"].to_pylist()), sizes
    )
    seen = receptive_field(loaded.model, layer, loaded.blank_input())
    about = ExamplesMetadata(
        network_fingerprint(loaded.card),
        images.name,
        images.fingerprint,
        len(images),
        len(images) - len(table),
        {layer: LayerSize(peak.shape[1], seen.cells, seen.size)},
    )
    return Examples(rows(layer, strongest, seen, images, loaded.card.preprocess), about)
