"""The networks for images of Chollet, Deep Learning with Python (3rd edition, 2025), chapters 2, 8 and 9.

Padding, pooling and parameter counts are as in Keras. Weights are initialised as in PyTorch, and the
preprocess normalises the values, which the book divides by 255 inside the network.
"""

from collections import OrderedDict

from torch import Tensor, nn


def mnist(num_classes: int) -> nn.Module:
    """Chapter 8's first network, for digits (N, 1, 28, 28): 64-128-256; 372,234 parameters, 10 classes."""
    return _pyramid(1, (64, 128, 256), num_classes)


def mnist_without_pooling(num_classes: int) -> nn.Module:
    """The same without max pooling (section 8.1.2): as many parameters, and maps of 22 x 22 at the end.

    Its last layer sees 7 x 7 pixels of the image; that of `mnist` sees 18 x 18.
    """
    return nn.Sequential(OrderedDict(**_convolutions(1, (64, 128, 256)), **_head(256, num_classes)))


def dense(num_classes: int) -> nn.Module:
    """Chapter 2's baseline for digits (N, 1, 28, 28): one hidden layer of 512; 407,050 with 10 classes."""
    hidden = OrderedDict(linear=nn.Linear(28 * 28, 512), relu=nn.ReLU())
    return nn.Sequential(
        OrderedDict(flatten=nn.Flatten(), hidden=nn.Sequential(hidden), head=nn.Linear(512, num_classes))
    )


def dogs_and_cats(num_classes: int) -> nn.Module:
    """Chapter 8's dogs and cats (N, 3, 180, 180): 32-64-128-256-512; 1,569,089 with a single logit.

    Without dropout. The version with augmentation (section 8.2.5) has dropout of 0.25 before its head.
    """
    return _pyramid(3, (32, 64, 128, 256, 512), num_classes)


def residual(num_classes: int) -> nn.Module:
    """Chapter 9's residual blocks of 32, 64 and 128 on (N, 3, 32, 32): 297,697 with a single logit."""
    return nn.Sequential(
        OrderedDict(
            block1=ResidualBlock(3, 32, stride=2),
            block2=ResidualBlock(32, 64, stride=2),
            block3=ResidualBlock(64, 128, stride=1),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            head=nn.Linear(128, num_classes),
        )
    )


class ResidualBlock(nn.Module):
    """Two convolutions with ReLU, pooled by ``stride``, plus a 1x1 convolution of the input.

    (N, in, H, W) to (N, out, H / stride, W / stride), rounded up. As in the book, no ReLU follows the sum.
    """

    def __init__(self, channels_in: int, channels_out: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool = nn.MaxPool2d(stride, ceil_mode=True)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1, stride=stride)

    def forward(self, batch: Tensor) -> Tensor:
        """The sum of both paths."""
        inner = self.relu1(self.conv1(batch))
        inner = self.pool(self.relu2(self.conv2(inner)))
        total: Tensor = inner + self.shortcut(batch)
        return total


def _pyramid(channels: int, widths: tuple[int, ...], num_classes: int) -> nn.Module:
    """An unpadded 3x3 convolution per width, max pooling between them, then the mean and a head."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (name, block) in enumerate(_convolutions(channels, widths).items(), start=1):
        parts[name] = block
        if number < len(widths):
            parts[f"pool{number}"] = nn.MaxPool2d(2)
    return nn.Sequential(OrderedDict(**parts, **_head(widths[-1], num_classes)))


def _convolutions(channels: int, widths: tuple[int, ...]) -> "OrderedDict[str, nn.Module]":
    """Unpadded 3x3 convolutions with ReLU, as ``block1``, ``block2``, ..."""
    return OrderedDict(
        (f"block{number}", nn.Sequential(OrderedDict(conv=nn.Conv2d(before, after, 3), relu=nn.ReLU())))
        for number, (before, after) in enumerate(zip((channels, *widths), widths, strict=False), start=1)
    )


def _head(width: int, num_classes: int) -> "OrderedDict[str, nn.Module]":
    """The mean of each channel, and a linear layer."""
    return OrderedDict(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), head=nn.Linear(width, num_classes))
