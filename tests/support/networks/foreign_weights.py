"""Weights of a small network as other programs save them, and their import."""

from pathlib import Path

import timm
import torch
from torch import nn

from core.checkpoints import store
from core.checkpoints.foreign.fitting import Wish
from core.checkpoints.foreign.importing import (
    Imported,
    import_weights,
    imported,
    parse_preprocess,
)
from core.models import registry
from core.training.runs import free_name

TINY = "timm:test_resnet"
EFFICIENTNET = "timm:test_efficientnet"
NAMES = ["ant", "bee", "cat"]


def small_network(**options: int) -> nn.Module:
    torch.manual_seed(0)
    network: nn.Module = timm.create_model("test_resnet", **{"num_classes": 3} | options)
    return network.eval()


def imported_network(path: Path, architecture: str = TINY, *, preprocess: str = "", **wish: str) -> Imported:
    settings = parse_preprocess(preprocess, registry.default_preprocess(architecture))
    wanted = Wish(architecture, len(NAMES), **wish)
    return imported(path, wanted, NAMES, name=free_name("mine"), preprocess=settings)


def saved(content: object, folder: Path) -> Path:
    path = folder / "w.pth"
    torch.save(content, path)
    return path


def gives_the_same(network: nn.Module, done: Imported) -> bool:
    """Whether the checkpoint, read again, gives the logits of the network, bit for bit."""
    loaded = store.load(done.folder)
    preprocess = loaded.card.preprocess
    shape = (2, len(preprocess.mean), *preprocess.input_size)
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return torch.equal(network.eval()(batch), loaded.model(batch))


def folder_of(path: Path, num_classes: int = 5, architecture: str = EFFICIENTNET) -> Path:
    """The checkpoint ``mine`` of these weights, with classes that are numbered."""
    names = [f"class {index}" for index in range(num_classes)]
    return import_weights(path, architecture=architecture, class_names=names, name="mine")
