"""A network cut off at one of its layers: nothing behind the layer runs, and gradients reach the input."""

from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import CoreError, LayerError
from core.explain.network.activations import Enough, as_maps
from core.explain.network.hooks import capture, module_named


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What a layer gives for a batch (N, channels, H, W): (N, K, h, w), or (N, K, 1, 1) for a vector.

    The model's lock is held for the pass and not for its gradients: several sessions take turns. Model,
    modes, hooks and ``requires_grad`` are after each pass as they were.
    """

    model: nn.Module
    layer: str
    num_channels: int  # K.
    runs: int  # Of the layer in one pass, of which the last counts.

    def __call__(self, batch: Tensor) -> Tensor:
        """The layer's output, joined to ``batch`` by a graph where that asks for a gradient."""
        outputs: list[object] = []

        def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
            outputs.append(output)
            if len(outputs) == self.runs:
                raise Enough

        with capture(self.model, {module_named(self.model, self.layer): hook}), suppress(Enough):
            # A clone: the network may begin with an operation in place.
            self.model(batch.clone())
        return as_maps(outputs[-1], self.layer, batch)


def cut_at(model: nn.Module, layer: str, batch: Tensor) -> Cut:
    """Cut ``model`` at ``layer``, the empty name for its own output, for batches like ``batch``.

    Runs ``batch`` once through as much of the network as takes it: a head may want another size.

    Raises:
        LayerError: no such layer, it does not run for such a batch, or what it gives has no channels.
    """
    num_channels: list[int] = []

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        num_channels.append(as_maps(output, layer, batch).shape[1])

    with capture(model, {module_named(model, layer): hook}), torch.no_grad():
        try:
            model(batch.clone())
        except (CoreError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # What a network raises for a size that it cannot take may be anything.
            if not num_channels:
                height, width = batch.shape[2:]
                raise LayerError(
                    f"this network does not take images of {height} x {width}: {error}"
                ) from error
    if not num_channels:
        raise LayerError(f"layer {layer!r} took no part in this forward pass")
    return Cut(model, layer, num_channels[-1], len(num_channels))
