"""A network cut off after one of its layers: nothing later runs, and gradients reach the input."""

from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import CoreError, LayerError
from core.explain.network.activations import Enough, as_maps
from core.explain.network.hooks import capture, module_named


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """From a batch (N, channels, H, W) to a layer's output (N, K, h, w), or (N, K, 1, 1) for a vector.

    The model's lock is held during the pass and not while gradients are computed, so that several sessions
    can take turns. After each pass, model, modes, hooks and ``requires_grad`` are as they were.
    """

    model: nn.Module
    layer: str
    num_channels: int  # K.
    runs: int  # How often the layer runs in one pass; the last run counts.

    def __call__(self, batch: Tensor) -> Tensor:
        """The layer's output, with a graph back to ``batch`` if the batch requires a gradient."""
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
    """Cut ``model`` after ``layer`` for batches like ``batch``; the empty name is the model's own output.

    Runs ``batch`` once. A head that needs another image size may fail, as long as the layer has run before.

    Raises:
        LayerError: no such layer, it does not run for such a batch, or its output has no channels.
    """
    num_channels: list[int] = []

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        num_channels.append(as_maps(output, layer, batch).shape[1])

    with capture(model, {module_named(model, layer): hook}), torch.no_grad():
        try:
            model(batch.clone())
        except (CoreError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # For a wrong size, a network may raise anything.
            if not num_channels:
                height, width = batch.shape[2:]
                raise LayerError(
                    f"this network does not take images of {height} x {width}: {error}"
                ) from error
    if not num_channels:
        raise LayerError(f"layer {layer!r} took no part in this forward pass")
    return Cut(model, layer, num_channels[-1], len(num_channels))
