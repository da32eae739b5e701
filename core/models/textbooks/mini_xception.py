"""The small Xception of Chollet, Deep Learning with Python (3rd edition, 2025), section 9.5."""

from collections import OrderedDict

from torch import Tensor, nn

_WIDTHS = (32, 64, 128, 256, 512)


def mini_xception(num_classes: int) -> nn.Module:
    """Residual blocks of separable convolutions on (N, 3, 180, 180).

    718,849 trained parameters with a single logit; the book also counts batch norm's running mean and
    variance: 721,857. Batch norm has PyTorch's momentum and epsilon.
    """
    blocks = {
        f"block{number}": XceptionBlock(before, after)
        for number, (before, after) in enumerate(zip((32, *_WIDTHS), _WIDTHS, strict=False), start=1)
    }
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 32, 5, bias=False),
            **blocks,
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(0.5),
            head=nn.Linear(_WIDTHS[-1], num_classes),
        )
    )


class XceptionBlock(nn.Module):
    """Twice batch norm, ReLU and a separable convolution, then pooling; plus a 1x1 convolution of the input.

    (N, in, H, W) to (N, out, H / 2, W / 2), rounded up. Before pooling an even side, Keras pads only the far
    edge and PyTorch both, so windows are one pixel apart.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels_in)
        self.relu1 = nn.ReLU()
        self.conv1 = _separable(channels_in, channels_out)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.relu2 = nn.ReLU()
        self.conv2 = _separable(channels_out, channels_out)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1, stride=2, bias=False)

    def forward(self, batch: Tensor) -> Tensor:
        """The sum of both paths."""
        inner = self.conv1(self.relu1(self.norm1(batch)))
        inner = self.pool(self.conv2(self.relu2(self.norm2(inner))))
        total: Tensor = inner + self.shortcut(batch)
        return total


def _separable(channels_in: int, channels_out: int) -> nn.Module:
    """A 3x3 convolution of each channel alone, then a 1x1 convolution across them (arXiv:1610.02357)."""
    return nn.Sequential(
        OrderedDict(
            depthwise=nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False),
            pointwise=nn.Conv2d(channels_in, channels_out, 1, bias=False),
        )
    )
