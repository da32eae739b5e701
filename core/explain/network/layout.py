"""How a layer lays out its channels: in maps, channels last, or as a row of tokens."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import LayerError

# Tokens that stand in front of those of the patches: for the class, of a teacher, and registers.
_MOST_EXTRA = 8


@dataclass(frozen=True, slots=True)
class Maps:
    """(N, K, h, w), as convolutions give them."""

    def maps(self, output: Tensor) -> Tensor:
        """The maps (N, K, h, w) of an output."""
        return output

    def put(self, maps: Tensor, _output: Tensor) -> Tensor:
        """The output with these maps in place of its own."""
        return maps


@dataclass(frozen=True, slots=True)
class ChannelsLast:
    """(N, h, w, K), as Swin transformers have it."""

    def maps(self, output: Tensor) -> Tensor:
        """The maps (N, K, h, w) of an output."""
        return output.movedim(3, 1)

    def put(self, maps: Tensor, _output: Tensor) -> Tensor:
        """The output with these maps in place of its own."""
        return maps.movedim(1, 3)


@dataclass(frozen=True, slots=True)
class Tokens:
    """(N, extra + h · w, K), as vision transformers have it: a token for each patch, row by row."""

    size: tuple[int, int]
    num_extra: int

    def maps(self, output: Tensor) -> Tensor:
        """The maps (N, K, h, w) of an output, without its extra tokens."""
        tokens = output[:, self.num_extra :].transpose(1, 2)
        return tokens.reshape(*tokens.shape[:2], *self.size)

    def put(self, maps: Tensor, output: Tensor) -> Tensor:
        """The output with these maps in place of its own; the extra tokens stay."""
        return torch.cat([output[:, : self.num_extra], maps.flatten(2).transpose(1, 2)], 1)


Layout = Maps | ChannelsLast | Tokens


def layout_of(output: object, batch: Tensor) -> Layout | None:
    """The layout of what a layer gives for a batch (N, channels, H, W); None if it has no rows and columns.

    Any (N, K, h, w) is maps, unless its second and third side are exactly in the image's proportion and the
    last two are not even nearly: 56 x 56 x 96 has 96 channels. Tokens are as many as fill a grid of exactly
    that proportion, behind up to 8 extra ones, as few as can be.
    """
    if not isinstance(output, Tensor) or len(output) != len(batch):
        return Maps() if isinstance(output, Tensor) and output.ndim == 4 else None
    if output.ndim == 4:
        rows, columns = output.shape[1:3]
        is_last = rows * columns > 1 and _fits(rows, columns, batch) and not follows(output.shape[2:], batch)
        return ChannelsLast() if is_last else Maps()
    return _tokens(output.shape[1], batch) if output.ndim == 3 else None


def layout_or_refuse(output: object, layer: str, batch: Tensor, needs: str) -> tuple[Layout, Tensor]:
    """`layout_of`, and the output; LayerError, with what it ``needs``, if it has no rows and columns."""
    layout = layout_of(output, batch)
    if layout is None or not isinstance(output, Tensor):
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise LayerError(f"layer {layer!r} gives {shape}; {needs}")
    return layout, output


def follows(size: torch.Size, batch: Tensor) -> bool:
    """Whether rows and columns have shrunk alike, to rounding: 7 x 768 are not those of a square image."""
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
    """Whether they are exactly in the image's proportion."""
    height, width = batch.shape[2:]
    return rows * width == columns * height
