"""A training in mixed precision, against a bare loop over the same images."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torchvision import datasets

from core.checkpoints import paths
from core.images.preprocess import Preprocess
from core.models import registry
from tests.gpu import commands, networks
from tests.gpu.bench import Bench
from tests.gpu.photos import class_folders
from tests.gpu.table import Row

_EPOCHS, _VAL = 3, 0.25
_RECIPE = """
title = "A few epochs"
epochs = {epochs}
batch_size = {batch_size}
[data]
source = "folder"
split = "random"
val = {val}
[model]
architecture = "{architecture}"
[image]
size = {side}
[optimiser]
name = "sgd"
lr = 0.01
[speed]
precision = "bf16-mixed"
"""


def rows(bench: Bench) -> Iterator[Row]:
    """Whether the loss falls; images a second in the fastest epoch."""
    side, batch_size, num = bench.size((32, 8, 32), (224, 128, 4000))
    data = class_folders(bench.folder / "classes", num, bench.size((64, 48), (320, 240)))
    recipe = written_recipe(bench, side=side, batch_size=batch_size)
    commands.done("train", recipe, "--data", data, "--out", "trained")
    history = pd.read_csv(paths.folder("trained") / paths.HISTORY)
    losses = history["train_loss"].tolist()
    falls = f"{losses[0]:.2f} to {losses[-1]:.2f}"
    yield Row("training loss in bf16-mixed", falls, "falls", ok=losses[-1] < losses[0])
    rate = num / history["seconds"].min()
    loop = num / _bare(bench, data, side, batch_size)
    what = f"training of {networks.residual(bench)} at {side} pixels, batches of {batch_size}"
    yield Row(what, f"{rate:.0f} images/s", f"bare loop {loop:.0f}: {rate / loop:.2f} of it")


def written_recipe(bench: Bench, *, side: int, batch_size: int) -> Path:
    """A file with the recipe."""
    path = bench.folder / "recipe.toml"
    path.write_text(
        _RECIPE.format(
            epochs=_EPOCHS, batch_size=batch_size, val=_VAL, architecture=networks.residual(bench), side=side
        )
    )
    return path


def _bare(bench: Bench, data: Path, side: int, batch_size: int) -> float:
    """Seconds of the fastest epoch, validation included, with all images decoded before."""
    preprocess = Preprocess((side, side), None, (0.5,) * 3, (0.5,) * 3)
    images = datasets.ImageFolder(data, preprocess.pixels)
    pixels = torch.stack([image for image, _ in images])
    labels = torch.tensor(images.targets)
    torch.manual_seed(0)
    model = registry.build(networks.residual(bench), len(images.classes)).to(bench.device)
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    order = torch.randperm(len(labels))
    num_val = round(_VAL * len(labels))

    def loss_of(where: Tensor) -> Tensor:
        batch = preprocess.normalised(pixels[where].to(bench.device))
        with torch.autocast(torch.device(bench.device).type, torch.bfloat16):
            loss: Tensor = nn.functional.cross_entropy(model(batch), labels[where].to(bench.device))
        return loss

    def epoch() -> None:
        model.train()
        for where in order[num_val:].split(batch_size):
            optimizer.zero_grad()
            loss_of(where).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for where in order[:num_val].split(batch_size):
                loss_of(where)

    return min(bench.seconds(epoch) for _ in range(_EPOCHS))
