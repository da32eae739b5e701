"""The classes that a channel is evidence for: the weights of a linear head for the channel's mean."""

from dataclasses import dataclass

import numpy as np
import torch

from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.explain.network.tracing import trace

MOST, LEAST = 5, 3


@dataclass(frozen=True, slots=True)
class ClassWeight:
    """The head's weight of a channel's mean for a class: logits per unit of activation."""

    class_idx: int
    weight: float


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """The classes with a channel's largest and smallest weights, each in falling order."""

    most: tuple[ClassWeight, ...]
    least: tuple[ClassWeight, ...]


def class_weights(checkpoint: Checkpoint, layer: str) -> FloatArray | None:
    """The weights (C, K) of the linear head for a layer's channels; None if it does not read their means.

    Determined by running the network on two images of noise.

    Raises:
        LayerError: there is no such layer, or its output is not (N, K, h, w).
    """
    preprocess, like = checkpoint.card.preprocess, next(checkpoint.model.parameters())
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, len(preprocess.mean), *preprocess.input_size, generator=generator)
    head = trace(checkpoint.model, noise.to(like), [layer]).pooled_head(layer)
    return None if head is None else head.weight.float().cpu().numpy()


def spoken_for(weights: FloatArray, channel: int) -> SpokenFor:
    """The five classes with a channel's largest weights (C, K), and the three with the smallest.

    With fewer than eight classes, no class is in both lists.
    """
    column = weights[:, channel]
    order = np.argsort(-column, kind="stable").tolist()
    ranked = tuple(ClassWeight(class_idx, float(column[class_idx])) for class_idx in order)
    return SpokenFor(ranked[:MOST], ranked[MOST:][-LEAST:])
