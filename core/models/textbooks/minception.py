"""Minception, the small Inception-ResNet of Ganegedara, TensorFlow in Action (2022), chapter 7.

It follows Inception-ResNet v2 (Szegedy 2017, arXiv:1602.07261), with one block A, one reduction and two
blocks B. Every convolution is padded, and batch norm follows it. As in that article, a block adds a tenth of
its branches to its input; the book's program adds a tenth of the input to the branches.
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

_SHARE = 0.1
Kernel = tuple[int, int]
_1X1, _3X3, _1X7, _7X1 = (1, 1), (3, 3), (1, 7), (7, 1)


def minception(num_classes: int) -> nn.Module:
    """For Tiny-ImageNet (N, 3, 64, 64), in the book cropped to 56; 7,156,184 parameters with 200 classes.

    For both sizes, and any between, the last maps have a size of H / 16, rounded up.
    """
    return nn.Sequential(
        OrderedDict(
            stem=_stem(),
            block_a=_block_a(),
            reduction=_reduction(),
            block_b1=_block_b(),
            block_b2=_block_b(),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(0.5),
            head=nn.Linear(1152, num_classes),
        )
    )


class Branches(nn.ModuleList):
    """Branches over the same input, with their outputs side by side as channels."""

    def forward(self, batch: Tensor) -> Tensor:
        """(N, in, H, W) to (N, sum of the branches' channels, h, w)."""
        return torch.cat([branch(batch) for branch in self], 1)


class ScaledResidual(nn.Module):
    """A tenth of what ``inner`` gives, added to its input, then ReLU."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.relu = inner, nn.ReLU()

    def forward(self, batch: Tensor) -> Tensor:
        """The sum of both ways, of the input's shape."""
        total: Tensor = self.relu(batch + _SHARE * self.inner(batch))
        return total


def _stem() -> nn.Module:
    """(N, 3, H, W) to (N, 384, H / 8, W / 8), rounded up."""
    long = [(64, _1X1), (64, _7X1), (64, _1X7), (96, _3X3)]
    return nn.Sequential(
        _convolution(3, 32, _3X3, stride=2),
        _row(32, [(32, _3X3), (64, _3X3)]),
        Branches([_halving(), _convolution(64, 96, _3X3, stride=2)]),
        Branches([_row(160, [(64, _1X1), (96, _3X3)]), _row(160, long)]),
        Branches([_halving(), _convolution(192, 192, _3X3, stride=2)]),
    )


def _block_a() -> nn.Module:
    third = [(32, _1X1), (48, _3X3), (64, _3X3), (384, _1X1)]
    branches = [_row(384, [(32, _1X1)]), _row(384, [(32, _1X1), (32, _1X1)]), _row(384, third)]
    return ScaledResidual(nn.Sequential(Branches(branches), *_linear(448, 384)))


def _block_b() -> nn.Module:
    second = [(128, _1X1), (160, _1X7), (192, _7X1)]
    branches = [_row(1152, [(192, _1X1)]), _row(1152, second)]
    return ScaledResidual(nn.Sequential(Branches(branches), *_linear(384, 1152)))


def _reduction() -> nn.Module:
    """(N, 384, H, W) to (N, 1152, H / 2, W / 2), rounded up."""
    first = nn.Sequential(_convolution(384, 256, _3X3, stride=2), _row(256, [(256, _3X3), (384, _3X3)]))
    return Branches([first, _convolution(384, 384, _3X3, stride=2), _halving()])


def _row(channels: int, steps: Sequence[tuple[int, Kernel]]) -> nn.Module:
    """Convolutions one after the other, each by its number of channels and its kernel."""
    before = (channels, *(width for width, _ in steps))
    return nn.Sequential(
        *(_convolution(width, after, kernel) for width, (after, kernel) in zip(before, steps, strict=False))
    )


def _convolution(channels_in: int, channels_out: int, kernel: Kernel, *, stride: int = 1) -> nn.Module:
    """A padded convolution, batch norm and ReLU."""
    padding = (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels_in, channels_out, kernel, stride, padding),
            norm=nn.BatchNorm2d(channels_out),
            relu=nn.ReLU(),
        )
    )


def _linear(channels_in: int, channels_out: int) -> tuple[nn.Module, nn.Module]:
    """A 1x1 convolution and batch norm, without ReLU."""
    return nn.Conv2d(channels_in, channels_out, 1), nn.BatchNorm2d(channels_out)


def _halving() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, padding=1)
