"""Two convolutions and linear layers: PyTorch's classic MNIST example, and a variant for cats and dogs.

The example is ``mnist/main.py`` in github.com/pytorch/examples, in its version until 2019.
"""

from collections import OrderedDict

from torch import nn


def mnist(num_classes: int) -> nn.Module:
    """Digits (N, 1, 28, 28), 10 and 20 channels, 320 features; 21,840 parameters with 10 classes."""
    parts = _convolutions(1) | _hidden(1, 20 * 4 * 4, 50)
    return nn.Sequential(parts | OrderedDict(head=nn.Linear(50, num_classes)))


def pets(num_classes: int) -> nn.Module:
    """Photos (N, 3, 224, 224), 10 and 20 channels, 56,180 features; 28,121,432 parameters with 2 classes."""
    parts = _convolutions(3) | _hidden(1, 20 * 53 * 53, 500) | _hidden(2, 500, 50)
    return nn.Sequential(parts | OrderedDict(head=nn.Linear(50, num_classes)))


def _convolutions(channels: int) -> "OrderedDict[str, nn.Module]":
    """Two unpadded 5x5 convolutions, each pooled before its ReLU; dropout of half of the channels."""
    first = OrderedDict(conv=nn.Conv2d(channels, 10, 5), pool=nn.MaxPool2d(2), relu=nn.ReLU())
    second = OrderedDict(
        conv=nn.Conv2d(10, 20, 5), dropout=nn.Dropout2d(0.5), pool=nn.MaxPool2d(2), relu=nn.ReLU()
    )
    return OrderedDict(block1=nn.Sequential(first), block2=nn.Sequential(second), flatten=nn.Flatten())


def _hidden(number: int, features_in: int, features_out: int) -> "OrderedDict[str, nn.Module]":
    layers = OrderedDict(linear=nn.Linear(features_in, features_out), relu=nn.ReLU(), dropout=nn.Dropout(0.5))
    return OrderedDict({f"hidden{number}": nn.Sequential(layers)})
