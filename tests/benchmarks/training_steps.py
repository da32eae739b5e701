"""What Lightning and our own part of a training cost, apart for a step and for an epoch.

``python tests/benchmarks/training_steps.py``. The network is one linear layer, so that nearly all that is
measured is around it. Seconds of processor time, the least of some rounds; and calls of Python functions,
which are the same on a busy machine. A step is the slope over steps; an epoch, what is beside its steps.
"""

import argparse
import cProfile
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints.store import Card
from core.data.batches import Batch, ImageDataset, Shuffled, loader
from core.data.cache import decode
from core.data.sources import catalogue
from core.training.lightning.classifier import Classifier
from core.training.lightning.feed import Feed
from core.training.lightning.keeper import Keeper, Pace, Seeded
from core.training.lightning.train import Job, _trainer
from core.training.material import Material, material
from core.training.network import network
from core.training.runs.run import RunFolder
from core.training.settings import recipe as recipes
from tests.support.stored.checkpoints import checkpoints_in

_SIZE = 4
# Epochs, and steps of each.
_FEW, _MORE_STEPS, _MORE_EPOCHS = (2, 20), (2, 220), (22, 20)


class Plain(LightningModule):
    """The same network as Lightning trains it, without metrics and files."""

    def __init__(self, model: nn.Module, prepared: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.model, self.prepared, self.loss = model, prepared, nn.CrossEntropyLoss()

    def training_step(self, batch: Batch, _batch_idx: int) -> Tensor:
        """The loss of a batch."""
        loss: Tensor = self.loss(self.model(self.prepared(batch[0])), batch[1])
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, as in the others."""
        return torch.optim.Adam(self.parameters())


def _linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


def bare(data: Material, epochs: int, steps: int) -> None:
    """The shortest loop that one would write."""
    model, loss_of = _linear(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(epochs):
        batches = Shuffled(data.train[: _SIZE * steps], batch_size=_SIZE, seed=0, epoch=epoch)
        for pixels, labels, _ in loader(ImageDataset(data.decoded), batches):
            loss = loss_of(model(data.decoded.preprocess.normalised(pixels)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def lightning_alone(data: Material, epochs: int, steps: int) -> None:
    """Lightning's Trainer with nothing of ours, and no validation."""
    batches = Shuffled(data.train[: _SIZE * steps], batch_size=_SIZE, seed=0, epoch=0)
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        use_distributed_sampler=False,
    )
    module = Plain(_linear(), data.decoded.preprocess.normalised)
    trainer.fit(module, loader(ImageDataset(data.decoded), batches))


def ours(data: Material, epochs: int, steps: int) -> None:
    """As `train` does it: metrics, four batches of validation, history, best weights, state, progress."""
    recipe = recipes.read("digits", [f"epochs={epochs}", f"batch_size={_SIZE}"])
    part = replace(data, train=data.train[: _SIZE * steps], val=data.val[: 4 * _SIZE])
    net = replace(network(recipe, 10), model=_linear())
    pictures = ImageDataset(data.decoded)
    classifier = Classifier(net.model, recipe, num_classes=10, prepared=net.preprocess.normalised)
    feed = Feed(recipe, part, train=pictures, val=pictures, workers=0)
    with tempfile.TemporaryDirectory() as root, checkpoints_in(Path(root)):
        card = Card(recipe.model.architecture, data.decoded.images.class_names, net.preprocess)
        run = RunFolder.start("run", card)
        keeper = Keeper(run, net.model, best="val_accuracy", stored="float32", say=lambda _line: None)
        pace = Pace(run.tick, run.stop_is_wanted, epochs)
        trainer = _trainer(recipe, Job("run"), [Seeded(0), pace, keeper])
        trainer.fit(classifier, datamodule=feed)


def _processor_ms(act: Callable[[], None]) -> float:
    began = time.process_time()
    act()
    return 1000 * (time.process_time() - began)


def _calls(act: Callable[[], None]) -> float:
    profile = cProfile.Profile()
    profile.enable()
    act()
    profile.disable()
    return float(sum(entry.callcount for entry in profile.getstats()))


def _apart(of: Callable[[tuple[int, int]], float]) -> tuple[float, float]:
    """Of a step, and of an epoch beside its steps."""
    few, steps, epochs = of(_FEW), of(_MORE_STEPS), of(_MORE_EPOCHS)
    step = (steps - few) / (_FEW[0] * (_MORE_STEPS[1] - _FEW[1]))
    return step, (epochs - few) / (_MORE_EPOCHS[0] - _FEW[0]) - _FEW[1] * step


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    recipe = recipes.read("digits")
    decoded = decode(catalogue.load("digits"), network(recipe, 10).preprocess)
    data = material(decoded, recipe.data, recipe.seed)
    contestants = {"bare loop": bare, "Lightning alone": lightning_alone, "core.training": ours}
    least: dict[tuple[str, tuple[int, int]], float] = {}
    for _ in range(rounds + 1):  # The first one loads what is missing; it is seldom the least.
        for name, contestant in contestants.items():
            for size in (_FEW, _MORE_STEPS, _MORE_EPOCHS):
                spent = _processor_ms(partial(contestant, data, *size))
                least[name, size] = min(spent, least.get((name, size), spent))
    print("| | ms a step | ms an epoch | calls a step | calls an epoch |\n| --- | --- | --- | --- | --- |")
    for name, contestant in contestants.items():
        step, epoch = _apart(lambda size, name=name: least[name, size])  # type: ignore[misc]
        calls = _apart(lambda size, act=contestant: _calls(partial(act, data, *size)))  # type: ignore[misc]
        print(f"| {name} | {step:.2f} | {epoch:.1f} | {calls[0]:.0f} | {calls[1]:.0f} |")


if __name__ == "__main__":
    main()
