"""What the network's last layer reads of each sample, pooled over positions: the features.

Features (N, D) are float16, in the rows of the predictions table. Where a linear layer ends the network,
``features @ weight.T + bias`` are the logits, up to the rounding of float16.
"""

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from torch import Tensor, nn

from core.checkpoints import paths
from core.errors import CheckpointError
from core.explain.network.hooks import capture
from core.files import arrays
from core.models.heads import last_layer
from core.predictions.evaluations import Evaluation

FEATURES = "features"  # The column of a network's rows; of an evaluation, the features are a file.
Features = NDArray[np.float16]
Layer = nn.Linear | nn.Conv2d
_LARGEST_HALF = 65_504.0


def read(evaluation: Evaluation) -> Features | None:
    """The features (N, D) of an evaluation, mapped into memory; None if it has none (see `missing`).

    A file that does not fit the table belongs to another one and is ignored.
    """
    features = arrays.mapped(evaluation.folder / paths.FEATURES, np.float16)
    if features is None or features.ndim != 2:
        return None
    return features if len(features) == pq.read_metadata(evaluation.table).num_rows else None


def missing(evaluation: Evaluation) -> str:
    """Why an evaluation has no features, and what to do, as one sentence."""
    return (
        f"{evaluation.name!r} has no features: it is of an earlier version, or the network does not end in a "
        "linear layer; evaluate again to keep them"
    )


def source(model: nn.Module) -> Layer | None:
    """The layer that reads the features; None for a network that does not end in a linear layer."""
    try:
        return last_layer(model)
    except CheckpointError:
        return None


def num_features(layer: Layer) -> int:
    """The number of features that a layer reads."""
    return layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels


def logits_and_features(model: nn.Module, batch: Tensor, layer: Layer) -> tuple[Tensor, Tensor]:
    """Logits (N, C) and the features (N, D), in float16, that ``layer`` reads, from one pass."""
    inputs: list[Tensor] = []

    def hook(_module: nn.Module, given: tuple[Tensor, ...], _output: object) -> None:
        inputs.append(given[0].float())

    with capture(model, {layer: hook}):
        logits: Tensor = model(batch)
    return logits, _pooled(inputs[-1], layer).clamp(-_LARGEST_HALF, _LARGEST_HALF).half()


def _pooled(inputs: Tensor, layer: Layer) -> Tensor:
    """The mean over positions of maps (N, D, h, w) or of tokens (N, ..., D)."""
    if isinstance(layer, nn.Conv2d):
        return inputs.mean((2, 3))
    return inputs.flatten(1, -2).mean(1) if inputs.ndim > 2 else inputs
