"""Trainings of a few digits in a few epochs, and what they leave."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import safetensors.torch
import torch
from torch import Tensor

from core.checkpoints import paths
from core.training.lightning.train import Job
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe

FEW = ("data.per_class=8", "data.val=0.05", "batch_size=20", "epochs=3")
TWO_CONVOLUTIONS = (*FEW, "model.architecture=seewhy:two-conv-mnist")
COLOUR = ("image.size=32", "image.mean=[0.5,0.5,0.5]", "image.std=[0.5,0.5,0.5]")
SIGNS = (*FEW, *COLOUR, "model.architecture=seewhy:road-signs-bn", "epochs=2")


def short_recipe(*changes: str) -> Recipe:
    return recipes.read("digits", changes)


def job(name: str = "run", say: Callable[[str], None] = lambda _line: None) -> Job:
    return Job(name, say=say)


def history_of(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / paths.HISTORY)


def weights_of(folder: Path) -> dict[str, Tensor]:
    return safetensors.torch.load_file(folder / paths.WEIGHTS)


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights_of(one), weights_of(other)
    assert list(first) == list(second)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def assert_same_history(one: Path, other: Path) -> None:
    pd.testing.assert_frame_equal(
        history_of(one).drop(columns="seconds"), history_of(other).drop(columns="seconds"), check_exact=True
    )
