"""Our own architectures: networks from textbooks, small enough to train from scratch."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from core.images.preprocess import Preprocess
from core.models.options import NO_OPTIONS, Options
from core.models.textbooks import (
    chollet,
    dropout_blocks,
    four_blocks,
    minception,
    mini_xception,
    two_convolutions,
)


@dataclass(frozen=True, slots=True)
class _Network:
    """The function that builds a network for a number of classes, and its input: channels and side."""

    build: Callable[[int], nn.Module]
    channels: int
    side: int


_NETWORKS = {
    "chollet-mnist": _Network(chollet.mnist, channels=1, side=28),
    "chollet-mnist-without-pooling": _Network(chollet.mnist_without_pooling, channels=1, side=28),
    "chollet-mnist-dense": _Network(chollet.dense, channels=1, side=28),
    "chollet-dogs-cats": _Network(chollet.dogs_and_cats, channels=3, side=180),
    "chollet-residual": _Network(chollet.residual, channels=3, side=32),
    "mini-xception": _Network(mini_xception.mini_xception, channels=3, side=180),
    "minception": _Network(minception.minception, channels=3, side=64),
    "two-conv-mnist": _Network(two_convolutions.mnist, channels=1, side=28),
    "two-conv-pets": _Network(two_convolutions.pets, channels=3, side=224),
    "four-blocks": _Network(four_blocks.four_blocks, channels=3, side=64),
    "malaria": _Network(dropout_blocks.malaria, channels=3, side=128),
    "road-signs": _Network(dropout_blocks.road_signs, channels=3, side=32),
    "road-signs-bn": _Network(dropout_blocks.road_signs_with_norm, channels=3, side=32),
    "road-signs-bn-dropout": _Network(
        dropout_blocks.road_signs_with_dropout_behind_norm, channels=3, side=32
    ),
    "road-signs-bn-late-dropout": _Network(dropout_blocks.road_signs_with_late_dropout, channels=3, side=32),
}


def names() -> list[str]:
    """All our own architectures."""
    return list(_NETWORKS)


def build(name: str, num_classes: int, chosen: Options = NO_OPTIONS) -> nn.Module:
    """The network with random weights."""
    chosen.of()
    return _NETWORKS[name].build(num_classes)


def preprocess(name: str) -> Preprocess:
    """The whole image squeezed into the network's square, values from -1 to 1."""
    network = _NETWORKS[name]
    centre = (0.5,) * network.channels
    return Preprocess((network.side, network.side), resize=None, mean=centre, std=centre)
