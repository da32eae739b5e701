"""The classes that a channel speaks for: what a linear head multiplies the channel's mean by."""

from dataclasses import dataclass

import numpy as np
import torch

from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.explain.network.tracing import trace

MOST, LEAST = 5, 3


@dataclass(frozen=True, slots=True)
class ClassWeight:
    """What the head multiplies a channel's mean by for a class: logits for each unit of activation."""

    class_idx: int
    weight: float


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """The classes that a channel speaks for most, and least, each from the largest weight down."""

    most: tuple[ClassWeight, ...]
    least: tuple[ClassWeight, ...]


def class_weights(checkpoint: Checkpoint, layer: str) -> FloatArray | None:
    """The weights (C, K) of the linear head for a layer's channels; None where it does not read their means.

    Found by doing it, for two images of noise.

    Raises:
        LayerError: there is no such layer, or it gives no (N, K, h, w).
    """
    preprocess, like = checkpoint.card.preprocess, next(checkpoint.model.parameters())
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, len(preprocess.mean), *preprocess.input_size, generator=generator)
    head = trace(checkpoint.model, noise.to(like), [layer]).pooled_head(layer)
    return None if head is None else head.weight.float().cpu().numpy()


def spoken_for(weights: FloatArray, channel: int) -> SpokenFor:
    """The five classes with the largest of the weights (C, K) of a channel, and the three with the smallest.

    Where there are fewer than eight classes, none is in both.
    """
    column = weights[:, channel]
    order = np.argsort(-column, kind="stable").tolist()
    ranked = tuple(ClassWeight(class_idx, float(column[class_idx])) for class_idx in order)
    return SpokenFor(ranked[:MOST], ranked[MOST:][-LEAST:])
