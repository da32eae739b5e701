"""Blocks that begin with dropout: two networks of Ayyadevara & Reddy, Modern Computer Vision with PyTorch.

Road signs: chapter 4 (with and without batch norm); malaria: chapter 6. Each block is dropout of 0.2, a
padded 3x3 convolution, ReLU, batch norm if it has one, and max pooling that halves the sides. Two variants
of our own have their dropout behind the batch norm.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from torch import nn

_DROPOUT = 0.2
_ROAD_SIGNS = (64, 64, 128, 64)
_MALARIA = (64, 64, 128, 256, 512, 64)


def road_signs(num_classes: int) -> nn.Module:
    """Four blocks on (N, 3, 32, 32): 263,211 parameters with 43 classes."""
    return _network([_block(*widths) for widths in _steps(_ROAD_SIGNS)], num_classes)


def road_signs_with_norm(num_classes: int) -> nn.Module:
    """The same with batch norm in each block: 263,851 trained parameters with 43 classes."""
    return _network([_normalised_block(*widths) for widths in _steps(_ROAD_SIGNS)], num_classes)


def road_signs_with_dropout_behind_norm(num_classes: int) -> nn.Module:
    """`road_signs_with_norm` with the dropout of each block behind its batch norm; as many parameters."""
    return _network([_block_with_dropout_last(*widths) for widths in _steps(_ROAD_SIGNS)], num_classes)


def road_signs_with_late_dropout(num_classes: int) -> nn.Module:
    """`road_signs_with_norm` with dropout behind its last batch norm only; as many parameters.

    Dropout before a batch norm changes the variance of its input, and only in training, so that its running
    statistics do not fit afterwards (Li 2019, arXiv:1801.05134).
    """
    *first, last = _steps(_ROAD_SIGNS)
    blocks = [*(_block_without_dropout(*widths) for widths in first), _block_with_dropout_last(*last)]
    return _network(blocks, num_classes)


def malaria(num_classes: int) -> nn.Module:
    """Six blocks with batch norm on (N, 3, 128, 128): 1,951,362 trained parameters with 2 classes."""
    return _network([_normalised_block(*widths) for widths in _steps(_MALARIA)], num_classes)


def _steps(widths: Sequence[int]) -> Iterable[tuple[int, int]]:
    return zip((3, *widths), widths, strict=False)


def _network(blocks: Sequence[nn.Module], num_classes: int) -> nn.Module:
    """The blocks, their 64 x 2 x 2 values flattened, a hidden layer of 256, and the head."""
    hidden = OrderedDict(linear=nn.Linear(256, 256), relu=nn.ReLU(), dropout=nn.Dropout(_DROPOUT))
    return nn.Sequential(
        OrderedDict(
            **{f"block{number}": block for number, block in enumerate(blocks, start=1)},
            flatten=nn.Flatten(),
            hidden=nn.Sequential(hidden),
            head=nn.Linear(256, num_classes),
        )
    )


def _block(channels_in: int, channels_out: int) -> nn.Module:
    convolution = _convolution(channels_in, channels_out)
    return nn.Sequential(OrderedDict(dropout=nn.Dropout(_DROPOUT), **convolution, pool=nn.MaxPool2d(2)))


def _normalised_block(channels_in: int, channels_out: int) -> nn.Module:
    convolution = _normalised(channels_in, channels_out)
    return nn.Sequential(OrderedDict(dropout=nn.Dropout(_DROPOUT), **convolution, pool=nn.MaxPool2d(2)))


def _block_with_dropout_last(channels_in: int, channels_out: int) -> nn.Module:
    convolution = _normalised(channels_in, channels_out)
    return nn.Sequential(OrderedDict(**convolution, dropout=nn.Dropout(_DROPOUT), pool=nn.MaxPool2d(2)))


def _block_without_dropout(channels_in: int, channels_out: int) -> nn.Module:
    return nn.Sequential(OrderedDict(**_normalised(channels_in, channels_out), pool=nn.MaxPool2d(2)))


def _normalised(channels_in: int, channels_out: int) -> "OrderedDict[str, nn.Module]":
    return OrderedDict(**_convolution(channels_in, channels_out), norm=nn.BatchNorm2d(channels_out))


def _convolution(channels_in: int, channels_out: int) -> "OrderedDict[str, nn.Module]":
    return OrderedDict(conv=nn.Conv2d(channels_in, channels_out, 3, padding=1), relu=nn.ReLU())
