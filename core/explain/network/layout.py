"""How a layer arranges its output: as maps, with channels last, or as a row of tokens."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import LayerError

# Tokens before the patch tokens: class, distillation and register tokens.
_MOST_EXTRA = 8


@dataclass(frozen=True, slots=True)
class Maps:
    """(N, K, h, w), as convolutions have it."""

    def maps(self, output: Tensor) -> Tensor:
        """An output as maps (N, K, h, w)."""
        return output

    def put(self, maps: Tensor, _output: Tensor) -> Tensor:
        """The output with its maps replaced by these."""
        return maps


@dataclass(frozen=True, slots=True)
class ChannelsLast:
    """(N, h, w, K), as Swin transformers have it."""

    def maps(self, output: Tensor) -> Tensor:
        """An output as maps (N, K, h, w)."""
        return output.movedim(3, 1)

    def put(self, maps: Tensor, _output: Tensor) -> Tensor:
        """The output with its maps replaced by these."""
        return maps.movedim(1, 3)


@dataclass(frozen=True, slots=True)
class Tokens:
    """(N, extra + h · w, K), as vision transformers have it: a token for each patch, row by row."""

    size: tuple[int, int]
    num_extra: int

    def maps(self, output: Tensor) -> Tensor:
        """An output as maps (N, K, h, w), without its extra tokens."""
        tokens = output[:, self.num_extra :].transpose(1, 2)
        return tokens.reshape(*tokens.shape[:2], *self.size)

    def put(self, maps: Tensor, output: Tensor) -> Tensor:
        """The output with its maps replaced by these; the extra tokens stay."""
        return torch.cat([output[:, : self.num_extra], maps.flatten(2).transpose(1, 2)], 1)


Layout = Maps | ChannelsLast | Tokens


def layout_of(output: object, batch: Tensor) -> Layout | None:
    """The layout of a layer's output for a batch (N, channels, H, W); None if it has no rows and columns.

    An output (N, a, b, c) is maps, unless a x b has exactly the image's proportions and b x c does not have
    them even roughly: 56 x 56 x 96 has 96 channels. A row of tokens must fill a grid of exactly the image's
    proportions after up to 8 extra tokens; the smallest number of extra tokens that fits is taken.
    """
    if not isinstance(output, Tensor) or len(output) != len(batch):
        return Maps() if isinstance(output, Tensor) and output.ndim == 4 else None
    if output.ndim == 4:
        rows, columns = output.shape[1:3]
        is_last = rows * columns > 1 and _fits(rows, columns, batch) and not follows(output.shape[2:], batch)
        return ChannelsLast() if is_last else Maps()
    return _tokens(output.shape[1], batch) if output.ndim == 3 else None


def layout_or_refuse(output: object, layer: str, batch: Tensor, needs: str) -> tuple[Layout, Tensor]:
    """`layout_of`, and the output; a LayerError that ends in ``needs`` if it has no rows and columns."""
    layout = layout_of(output, batch)
    if layout is None or not isinstance(output, Tensor):
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise LayerError(f"layer {layer!r} gives {shape}; {needs}")
    return layout, output


def follows(size: torch.Size, batch: Tensor) -> bool:
    """Whether a map has the image's proportions, up to rounding: 7 x 768 does not fit a square image."""
    (height, width), (rows, columns) = batch.shape[2:], size
    return rows * columns > 1 and abs(rows * width - columns * height) <= 2 * max(height, width)


def _tokens(total: int, batch: Tensor) -> Tokens | None:
    height, width = batch.shape[2:]
    for num_extra in range(_MOST_EXTRA + 1):
        cells = total - num_extra
        rows = round((max(cells, 0) * height / width) ** 0.5)
        if rows and cells > 1 and cells % rows == 0 and _fits(rows, cells // rows, batch):
            return Tokens((rows, cells // rows), num_extra)
    return None


def _fits(rows: int, columns: int, batch: Tensor) -> bool:
    """Whether a grid has exactly the image's proportions."""
    height, width = batch.shape[2:]
    return rows * width == columns * height
