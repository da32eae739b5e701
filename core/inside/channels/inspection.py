"""Inspect a network on photos: a layer's channels, the strongest of each stage, and sparsity by depth."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.device import device_label
from core.explain.network.activations import activations, class_contributions, observe
from core.explain.network.layers import Layer, stages
from core.explain.network.tracing import towards, trace
from core.inside.channels import layer_channels
from core.inside.channels.layer_channels import ChannelStats, channel_stats
from core.predictions.finite import not_finite, refuse_infinite


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """A layer's activations (K, h, w) for one image, and each channel's contribution (K,) to ``class_idx``.

    If ``bias`` is a number, contributions and bias sum to the class's logit. If it is None, the head does not
    read this layer's means, and contributions only rank the channels.
    """

    layer: str
    maps: FloatArray
    stats: ChannelStats
    logits: Tensor
    class_idx: int
    contributions: FloatArray
    bias: float | None
    device: str
    seconds: float

    @property
    def normalised(self) -> FloatArray:
        """The activations (K, h, w) for display, each channel scaled from 0 to 1; silent channels are 0."""
        return layer_channels.normalised(self.maps, self.stats)

    def order(self, by: str) -> layer_channels.Indices:
        """The channels in one of `layer_channels.ORDERS`: by index, strength or contribution to the class."""
        if by == "strength":
            return layer_channels.by_strength(self.stats)
        return (
            layer_channels.by_contribution(self.contributions) if by == "class" else np.arange(len(self.maps))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage's layer, the statistics of its channels, and the strongest channels (k,), silent ones last.

    ``values`` (k, h, w) are scaled for display, in [0, 1]; ``silent`` (k,) marks silent channels.
    """

    layer: Layer
    stats: ChannelStats
    channels: layer_channels.Indices
    values: FloatArray
    silent: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sparsity:
    """The share of a layer's values that are exactly 0, for one image."""

    layer: Layer
    share_of_zeros: float


def inspect(
    checkpoint: Checkpoint, batch: Tensor, layer: str, class_idx: int | None = None
) -> list[Inspection]:
    """Inspect one layer for each image of a preprocessed batch (N, channels, H, W), in one pass.

    Contributions are to ``class_idx``; None: to each image's predicted class.

    Raises:
        LayerError: there is no such layer, its output is not (N, K, h, w), or it does not affect the logits.
        CheckpointError: values are not finite.
    """
    started = time.perf_counter()
    traced = trace(checkpoint.model, _to_device(batch, checkpoint), [layer])
    logits = traced.logits.detach().float().cpu()
    maps = _finite(traced.activations[layer].detach(), checkpoint)
    refuse_infinite(logits, repr(checkpoint.name))
    classes = logits.argmax(1).tolist() if class_idx is None else [class_idx] * len(logits)
    contributions = class_contributions(traced, towards(traced.logits.detach(), classes), layer)
    head = traced.pooled_head(layer)
    biases = [None if head is None else float(head.bias[each]) for each in classes]
    shares = contributions.float().cpu().numpy()
    seconds = (time.perf_counter() - started) / len(batch)
    return [
        Inspection(
            layer=layer,
            maps=maps[image],
            stats=channel_stats(maps[image]),
            logits=logits[image],
            class_idx=classes[image],
            contributions=shares[image],
            bias=biases[image],
            device=device_label(checkpoint.device),
            seconds=seconds,
        )
        for image in range(len(batch))
    ]


def column(
    checkpoint: Checkpoint, batch: Tensor, layers: Sequence[Layer], num_channels: int = 8
) -> list[Stage]:
    """The strongest channels of each stage, from the first to the last, for a batch of one image.

    ``layers`` are those of `core.explanation.asking.layers_of`.
    """
    rows = stages(layers)
    outputs = activations(checkpoint.model, _to_device(batch, checkpoint), [layer.name for layer in rows])
    return [_stage(layer, _finite(outputs[layer.name], checkpoint)[0], num_channels) for layer in rows]


def sparsity_by_depth(checkpoint: Checkpoint, batch: Tensor, layers: Sequence[Layer]) -> list[Sparsity]:
    """The sparsity of each rectified layer for a batch of one image, in the order of execution.

    A layer is rectified if its smallest value is 0; other layers hardly have zeros, so their sparsity means
    nothing. A layer whose output its block passes on unchanged is left out.
    """
    names = [layer.name for layer in layers]
    observed = observe(checkpoint.model, _to_device(batch, checkpoint), names, _zeros_and_minimum)
    rectified: list[Sparsity] = []
    for layer in layers:
        share, minimum = observed[layer.name]
        if minimum != 0:
            continue
        if rectified and _passes_on(layer, rectified[-1], share):
            rectified.pop()
        rectified.append(Sparsity(layer, share))
    return rectified


def _stage(layer: Layer, maps: FloatArray, num_channels: int) -> Stage:
    stats = channel_stats(maps)
    strongest = layer_channels.by_strength(stats)[:num_channels]
    values = layer_channels.normalised(maps, stats)[strongest]
    return Stage(layer, stats, strongest, values, stats.silent[strongest])


def _zeros_and_minimum(output: Tensor) -> tuple[float, float]:
    return float((output == 0).float().mean()), float(output.min())


def _passes_on(outer: Layer, inner: Sparsity, share: float) -> bool:
    """Whether a block's output is that of the last layer in it."""
    around = inner.layer.name.startswith(f"{outer.name}.")
    return around and inner.layer.shape == outer.shape and inner.share_of_zeros == share


def _finite(outputs: Tensor, checkpoint: Checkpoint) -> FloatArray:
    if not outputs.isfinite().all():
        raise not_finite(f"activations of {checkpoint.name!r}")
    maps: FloatArray = outputs.float().cpu().contiguous().numpy()
    return maps


def _to_device(batch: Tensor, checkpoint: Checkpoint) -> Tensor:
    """As in core.explanation."""
    return batch.to(checkpoint.device, next(checkpoint.model.parameters()).dtype)
