"""A linear network, whose maps are known, and networks with random weights."""

import torch
from torch import nn
from torchvision import models


def random_network(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return models.get_model(name, num_classes=10).eval().requires_grad_(requires_grad=False)


class LinearNet(nn.Sequential):
    """Images (N, 3, 44, 30) to 4 logits that are linear in every pixel."""

    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3 * 44 * 30, 4))
