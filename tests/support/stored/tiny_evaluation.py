"""A checkpoint and images small enough to evaluate in a moment."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.checkpoints import store
from core.checkpoints.store import Card
from core.evaluation.confusion import ConfusionMatrix
from core.models import registry

ARCHITECTURE = "seewhy:two-conv-mnist"
CLASSES = ("zebra", "apple", "mole")


def matrix_of(counts: "np.typing.ArrayLike") -> ConfusionMatrix:
    """The matrix with these cells (C, C)."""
    whole = np.asarray(counts)
    label, predicted = np.nonzero(whole)
    return ConfusionMatrix(label, predicted, whole[label, predicted], len(whole))


def random_checkpoint(name: str = "random", classes: tuple[str, ...] = CLASSES) -> Path:
    """A folder of these classes with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = registry.build(ARCHITECTURE, len(classes))
    card = Card(ARCHITECTURE, classes, registry.default_preprocess(ARCHITECTURE))
    return store.save(name, card, model.state_dict())


def noisy_pictures(folder: Path) -> Path:
    """Eleven images of the same classes in another order, one of them broken: ``mole/1.png``."""
    random = np.random.default_rng(0)
    for name, number in (("apple", 5), ("mole", 4), ("zebra", 2)):
        (folder / name).mkdir(parents=True)
        for index in range(number):
            pixels = random.integers(0, 255, (30, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    (folder / "mole" / "1.png").write_text("no picture")
    return folder
