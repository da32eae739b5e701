"""What training costs: Lightning against a bare loop, and a cached backbone against running it.

``python tests/benchmarks/training.py path/to/data`` (the folder that holds ``gtsrb`` and
``oxford-iiit-pet``). Contestants alternate within one run; medians, and the ratio to the baseline.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints.store import Card
from core.data.batches import ImageDataset, Shuffled, loader
from core.data.cache import decode
from core.data.sources import catalogue
from core.device import keep_freed_memory
from core.training.lightning.classifier import Classifier
from core.training.lightning.feed import Feed
from core.training.lightning.keeper import Keeper, Pace, Seeded
from core.training.lightning.learner import learner
from core.training.lightning.train import Job, _trainer
from core.training.material import Material, material
from core.training.network import Network, network
from core.training.runs.run import RunFolder
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe
from tests.support.stored.checkpoints import checkpoints_in


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A recipe with its data, ready to train."""

    recipe: Recipe
    data: Material
    make: Callable[[], Network]


class Stopwatch(Callback):
    """Seconds of an epoch's training batches, from the first to the last; validation is left out."""

    def __init__(self) -> None:
        self.began = self.seconds = 0.0

    def on_train_batch_start(
        self, _trainer: Trainer, _module: LightningModule, _batch: object, idx: int
    ) -> None:
        """The first one starts it."""
        if idx == 0:
            self.began = time.perf_counter()

    def on_train_batch_end(
        self, _trainer: Trainer, _module: LightningModule, _outputs: object, _batch: object, _idx: int
    ) -> None:
        """The last one stops it."""
        self.seconds = time.perf_counter() - self.began


def setting(name: str, folder: Path, *changes: str) -> Setting:
    """A recipe by name."""
    recipe = recipes.read(name, changes)
    images = catalogue.open_data(recipe.data.source, folder)
    make = partial(network, recipe, len(images.class_names))
    decoded = decode(images, make().preprocess)
    return Setting(recipe, material(decoded, recipe.data, recipe.seed), make)


def ours(this: Setting, *, cached: bool) -> float:
    """Seconds of one epoch of training as `train` does it, its callbacks and files included."""
    recipe = replace(this.recipe, epochs=1)
    net = this.make()
    if cached:
        classifier, feed = learner(recipe, net, this.data, _ignore)
    else:
        classifier, feed = _through_the_backbone(recipe, net, this.data)
    with tempfile.TemporaryDirectory() as root, checkpoints_in(Path(root)):
        card = Card(recipe.model.architecture, this.data.decoded.images.class_names, net.preprocess)
        run = RunFolder.start("run", card)
        keeper = Keeper(run, net.model, best="val_accuracy", stored="float32", say=_ignore)
        pace = Pace(run.tick, run.stop_is_wanted, 1)
        watch = Stopwatch()
        callbacks: list[Callback] = [Seeded(recipe.seed), pace, watch, keeper]
        trainer = _trainer(recipe, Job("run"), callbacks)
        trainer.fit(classifier, datamodule=feed)
    return watch.seconds


def bare(this: Setting) -> float:
    """The same batches through the shortest loop that one would write."""
    model, recipe = this.make().model, this.recipe
    decoded = this.data.decoded
    batches = Shuffled(this.data.train, batch_size=recipe.batch_size, seed=recipe.seed, epoch=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimiser.lr)
    loss_of = nn.CrossEntropyLoss()
    model.train()
    began = time.perf_counter()
    for pixels, labels, _ in loader(ImageDataset(decoded), batches):
        loss = loss_of(model(decoded.preprocess.normalised(pixels)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - began


def alternated(contestants: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Median seconds of each; every repetition starts with another one, and a first is thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for repeat in range(repeats + 1):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            measured = contestants[name]()
            if repeat:
                seconds[name].append(measured)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    keep_freed_memory()
    signs = setting("signs-bn", options.data / "gtsrb", "speed.workers=0")
    images = len(signs.data.train)
    found = alternated(
        {"bare loop": partial(bare, signs), "core.training": partial(ours, signs, cached=True)},
        options.repeats,
    )
    print("| signs-bn, one epoch | images/s | of the bare loop |\n| --- | --- | --- |")
    for name, seconds in found.items():
        print(f"| {name} | {images / seconds:.0f} | {found['bare loop'] / seconds:.2f} |")
    print("\n| pets-cat-dog, one epoch | trained from | ms | times as fast |\n| --- | --- | --- | --- |")
    for layer in ("head", "conv_head", "blocks.6"):
        pets = setting("pets-cat-dog", options.data / "oxford-iiit-pet", f"model.train_from={layer}")
        ours(pets, cached=True)  # Computes the features.
        found = alternated(
            {"cached": partial(ours, pets, cached=True), "backbone": partial(ours, pets, cached=False)},
            options.repeats,
        )
        for name, seconds in found.items():
            print(f"| {name} | {layer} | {1000 * seconds:.1f} | {found['backbone'] / seconds:.1f} |")


def _through_the_backbone(recipe: Recipe, net: Network, data: Material) -> tuple[Classifier, Feed]:
    pictures = ImageDataset(data.decoded)
    classes = len(data.decoded.images.class_names)
    classifier = Classifier(net.model, recipe, num_classes=classes, prepared=net.preprocess.normalised)
    return classifier, Feed(recipe, data, train=pictures, val=pictures, workers=0)


def _ignore(*_arguments: object, **_progress: object) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
