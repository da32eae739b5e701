"""Which convolution makes a layer's channels, one filter each: set outputs to NaN and follow them."""

from dataclasses import dataclass

import torch
from torch import Size, Tensor, nn

from core.errors import LayerError
from core.explain.network.activations import observe
from core.explain.network.hooks import ForwardHook, capture, module_named
from core.explain.network.receptive_field import clear_gates


@dataclass(frozen=True, slots=True, eq=False)
class ChannelSource:
    """The convolution ``name`` whose filter k makes channel k of a layer.

    ``reads_image``: it is the first convolution, and its input has as many channels as the image.
    ``is_alone``: nothing else reaches the layer, such as a shortcut that is added.
    """

    name: str
    convolution: nn.Conv2d
    reads_image: bool
    is_alone: bool


def channel_source(model: nn.Module, target_layer: str, like: Tensor) -> ChannelSource:
    """The convolution behind a layer of a network for inputs like this one (1, channels, H, W).

    That is the layer itself if it is a convolution. Else it is the last convolution before the layer whose
    filter k reaches channel k and no other channel. Gates of one cell for the whole image do not count.

    Raises:
        LayerError: no such layer, or no such convolution: the channels are mixed, concatenated from several
            convolutions, or made by something else.
    """
    probe = _ChannelProbe(model, target_layer, like)
    ran = _until(model, module_named(model, target_layer), like)
    for convolution, shape in reversed(ran.items()):
        if probe.could_be_made_by(shape) and probe.is_made_by(convolution):
            return ChannelSource(
                next(name for name, module in model.named_modules() if module is convolution),
                convolution,
                reads_image=convolution is next(iter(ran)) and convolution.in_channels == like.shape[1],
                is_alone=probe.is_made_by_nothing_but(convolution),
            )
    raise LayerError(f"layer {target_layer!r} has no convolution with a filter for each of its channels")


def _until(model: nn.Module, layer: nn.Module, like: Tensor) -> dict[nn.Conv2d, Size]:
    """The convolutions that have run when the layer is done, in that order, with their output shapes."""
    ran: dict[nn.Conv2d, Size] = {}
    done: dict[nn.Conv2d, Size] = {}

    def hook(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        if isinstance(module, nn.Conv2d) and isinstance(output, Tensor):
            ran[module] = output.shape
        if module is layer:
            done.update(ran)

    with capture(model, dict.fromkeys(model.modules(), hook)), torch.no_grad():
        model(like.clone())
    return done


class _ChannelProbe:
    """Finds which filters reach which channels of a layer."""

    def __init__(self, model: nn.Module, layer: str, like: Tensor) -> None:
        self.model, self.layer, self.like = model, layer, like
        shape = observe(model, like, [layer], lambda output: output.shape)[layer]
        self.num_channels, self.cells = shape[1], (shape[2], shape[3])

    def could_be_made_by(self, shape: Size) -> bool:
        """Whether a convolution has the layer's number of channels, and is no gate of a single cell."""
        return shape[1] == self.num_channels and (shape[2:] != (1, 1) or self.cells == (1, 1))

    def is_made_by(self, convolution: nn.Conv2d) -> bool:
        """Whether filter k of the convolution reaches channel k of the layer alone.

        For each binary digit of the filters' numbers, NaN in the filters with that digit must reach exactly
        the channels with that digit. Then a channel depends on the filter with all its digits: its own.
        """
        numbers = torch.arange(self.num_channels, device=self.like.device)
        digits = 2 ** torch.arange(max(1, (self.num_channels - 1).bit_length()), device=self.like.device)
        ones = (numbers & digits[:, None]) != 0
        halves = torch.cat([ones, ~ones])

        def poison(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> object:
            return (
                output.masked_fill(halves[..., None, None], torch.nan) if isinstance(output, Tensor) else None
            )

        batch = self.like.expand(len(halves), -1, -1, -1)
        return torch.equal(self._reached(batch, convolution, poison), halves)

    def is_made_by_nothing_but(self, convolution: nn.Conv2d) -> bool:
        """Whether NaN in the image no longer reaches the layer when this convolution gives zeros."""

        def clear(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> object:
            return torch.zeros_like(output) if isinstance(output, Tensor) else None

        return not self._reached(self.like * torch.nan, convolution, clear).any()

    def _reached(self, batch: Tensor, convolution: nn.Conv2d, hook: ForwardHook) -> Tensor:
        """Which channels (N, K) have NaN somewhere; gates are constants."""
        hooks = {**clear_gates(self.model, self.cells), convolution: hook}
        with capture(self.model, hooks):
            return observe(self.model, batch, [self.layer], lambda output: output.isnan().flatten(2).any(2))[
                self.layer
            ]
