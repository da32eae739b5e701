"""The networks that the checks run: trained ones that the project ships, and others with random weights."""

from dataclasses import replace
from pathlib import Path

import torch

from core.checkpoints import store
from core.checkpoints.card import Card
from core.checkpoints.store import Checkpoint
from core.models import registry
from tests.gpu.bench import Bench
from tests.support.paths import ROOT

_SHARPNESS = 8


def shipped(name: str) -> Path:
    """The folder of a checkpoint of the repository."""
    return ROOT / "checkpoints" / name


def random(name: str, architecture: str, *, num_classes: int = 4, side: int = 0) -> Path:
    """A new checkpoint with seeded random weights; ``side`` is its input's, 0 for the usual one.

    Queries and keys are larger than usual: else each token attends to all alike, and maps of attention have
    no order that bfloat16 could keep.
    """
    torch.manual_seed(0)
    tensors = registry.build(architecture, num_classes).state_dict()
    for key, weights in tensors.items():
        if key.endswith(".qkv.weight"):
            weights.mul_(_SHARPNESS)
    preprocess = registry.default_preprocess(architecture)
    if side:
        preprocess = replace(preprocess, input_size=(side, side), resize=None)
    names = tuple(f"class{number}" for number in range(num_classes))
    return store.save(name, Card(architecture, names, preprocess, source="random weights"), tensors)


def residual(bench: Bench) -> str:
    """The architecture of most checks: ResNet-18, whose ``layer4`` has 512 channels, or a tiny one."""
    return bench.size("timm:test_resnet", "torchvision:resnet18")


def loaded(folder: Path, device: str, dtype: torch.dtype = torch.float32) -> Checkpoint:
    """A checkpoint as pages and commands load it on a device: channels last in memory."""
    checkpoint = store.load(folder, device=device, dtype=dtype)
    checkpoint.model.to(memory_format=torch.channels_last)
    return checkpoint
