"""Networks small enough to check by hand, and what must not change when one of them is explained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Module = TypeVar("Module", bound=nn.Module)


class GapCnn(nn.Module):
    """Conv, ReLU, conv, ReLU, mean, linear: images (N, 3, 6, 8), maps (N, 4, 3, 4), logits (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 4, 3, stride=2, padding=1), nn.ReLU()
        )
        self.head = nn.Linear(4, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        logits: Tensor = self.head(self.backbone(batch).mean((2, 3)))
        return logits


class InPlaceCnn(nn.Module):
    """DenseNet's trap: a functional ReLU overwrites the output of ``features``; with batch norm, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 4, 3, stride=2),
        )
        self.features.add_module("norm", nn.BatchNorm2d(4))
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(4, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        features = F.relu(self.features(batch), inplace=True)
        logits: Tensor = self.head(self.dropout(features.mean((2, 3))))
        return logits


class FlattenCnn(nn.Module):
    """As VGG: the head reads every position on its own, so there is no CAM."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(4 * 3 * 4, 4), nn.ReLU(), nn.Linear(4, 3))

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        logits: Tensor = self.classifier(self.features(batch))
        return logits


def seeded(build: Callable[[], Module], seed: int = 0) -> Module:
    """The network in float64 and evaluation mode, the same at every call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build().double().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.3)
                nn.init.uniform_(module.running_var, 0.5, 2)
    return model


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers in float64, the same at every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What an explanation must leave alone: modes, hooks, ``requires_grad``, ``.grad``, all tensors."""

    settings: list[object]
    tensors: dict[str, Tensor]


def snapshot(model: nn.Module) -> Snapshot:
    """The network as it is now."""
    settings: list[object] = [module.training for module in model.modules()]
    settings += [
        len(hooks) for module in model.modules() for name, hooks in vars(module).items() if "hooks" in name
    ]
    settings += [(id(each), each.requires_grad, id(each.grad)) for each in model.parameters()]
    return Snapshot(settings, {name: tensor.clone() for name, tensor in model.state_dict().items()})


def assert_unchanged(model: nn.Module, before: Snapshot) -> None:
    """Fail if anything differs from the snapshot, by a bit."""
    now = snapshot(model)
    assert now.settings == before.settings
    assert all(torch.equal(tensor, before.tensors[name]) for name, tensor in now.tensors.items())
