"""Handwritten digits on textures, and a small network that learns to read them in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from tests.benchmarks.planting.scenes import Scene, ground, halves, plant

SIDE = 56  # Of a scene, in pixels; the last layer has 7 × 7 cells.
_HELD_OUT = 397  # Of the 1,797 digits.
_TRAINED_ON = 4_000
_EPOCHS, _BATCH, _RATE = 5, 64, 0.01
_FULL = 16  # A pixel of full ink.


@dataclass(frozen=True, slots=True, eq=False)
class Digit:
    """An 8 × 8 digit of scikit-learn: its number in the data set, its class, and its ink in [0, 1]."""

    number: int
    label: int
    ink: NDArray[np.float64]


def held_out() -> list[Digit]:
    """The digits that `trained` does not see."""
    return _digits()[-_HELD_OUT:]


def scene(digit: Digit, place: int, draw: np.random.Generator) -> Scene:
    """A digit in a random colour and quarter, on the lower half of a texture; ``place`` picks which."""
    return _planted(digit, place, draw, upper=False)


def preprocessed(pictures: Sequence[Image.Image]) -> Tensor:
    """The network's input (N, 3, SIDE, SIDE): 0 for mid-grey, -2 for black, 2 for white."""
    pixels = np.stack([np.asarray(picture, np.float32) for picture in pictures])
    return torch.from_numpy(pixels / 255 - 0.5).permute(0, 3, 1, 2).contiguous() * 4


def trained(seed: int, *, num: int = _TRAINED_ON) -> nn.Module:
    """A network that has seen so many scenes of the other digits, on the upper halves of the textures."""
    draw = np.random.default_rng(seed)
    digits = _digits()[:-_HELD_OUT]
    scenes = [_planted(digits[place % len(digits)], place, draw, upper=True) for place in range(num)]
    labels = torch.tensor([digits[place % len(digits)].label for place in range(num)])
    batch = preprocessed([each.picture for each in scenes])
    torch.manual_seed(seed)
    model = _network()
    _fit(model, batch, labels)
    return model.eval().requires_grad_(requires_grad=False)


def _digits() -> list[Digit]:
    data = load_digits()
    return [
        Digit(number, int(label), image / _FULL)
        for number, (image, label) in enumerate(zip(data.images, data.target, strict=True))
    ]


def _planted(digit: Digit, place: int, draw: np.random.Generator, *, upper: bool) -> Scene:
    name, texture = list(halves(upper=upper).items())[place % 3]
    ink = Image.fromarray((digit.ink * 255).astype(np.uint8)).resize((32, 32), Image.Resampling.BICUBIC)
    picture = Image.new("RGB", ink.size, tuple(int(value) for value in draw.integers(0, 256, 3)))
    picture.putalpha(ink)
    corner = int(draw.integers(4))
    planted, mask = plant(picture, ground(texture, SIDE, draw), corner, draw)
    return Scene(f"digit {digit.number}", name, planted, mask)


def _network() -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs, stride in ((3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 64, 1)):
        convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return model.to(memory_format=torch.channels_last)


def _fit(model: nn.Module, batch: Tensor, labels: Tensor) -> None:
    steps = -(-len(batch) // _BATCH) * _EPOCHS
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(_EPOCHS):
        for chosen in torch.randperm(len(batch)).split(_BATCH):
            optimiser.zero_grad()
            F.cross_entropy(model(batch[chosen]), labels[chosen]).backward()
            optimiser.step()
            schedule.step()
