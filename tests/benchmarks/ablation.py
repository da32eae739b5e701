"""What the shipped checkpoints show: batch norm and augmentation on road signs; scratch and transfer on pets.

``python tests/benchmarks/ablation.py``: nothing is trained here; the tables are those of the cards
and prediction tables in ``checkpoints``. With ``--signs path/to/gtsrb`` the images go through
once more, to see what batch norm's running statistics are worth.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.data.cache import decode
from core.data.sources import catalogue
from core.predictions import evaluations
from core.training.material import material
from core.training.settings.recipe import parse

SIGNS = ("signs-plain", "signs-bn", "signs-bn-aug")
PETS = ("pets-cat-dog-scratch", "pets-cat-dog")
OTHERS = ("digits", "malaria")


def card(name: str) -> Card:
    """The card of a shipped checkpoint."""
    return store.read_card(paths.root() / name)


def predictions(name: str) -> pd.DataFrame:
    """Its predictions of the validation images."""
    return pd.read_parquet(evaluations.find(paths.root() / name).table)


def signs() -> None:
    """One row a network: its best epoch; validation is measured on the weights as they are stored."""
    print("| road signs | train loss | train accuracy | validation loss | validation accuracy | best epoch |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in SIGNS:
        found, best = card(name).metrics, card(name).training["best_epoch"]
        measures = [found[key] for key in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")]
        print(f"| `{name}` | {' | '.join(f'{value:.3f}' for value in measures)} | {best} |")


def pets() -> None:
    """One row a network: accuracy, and of the class dog precision, recall and the confusion matrix."""
    print(
        "\n| cat or dog | accuracy | precision, recall of dog | cats: as cat, as dog | dogs: as cat, as dog |"
    )
    print("| --- | --- | --- | --- | --- |")
    for name in PETS:
        table, names = predictions(name), card(name).class_names
        dog = names.index("Dog")
        scores = precision_recall_fscore_support(
            table["label"], table["predicted"], labels=[dog], zero_division=0
        )
        (cats, dogs) = confusion_matrix(table["label"], table["predicted"], labels=[1 - dog, dog])
        accuracy = (table["label"] == table["predicted"]).mean()
        print(
            f"| `{name}` | {accuracy:.3f} | {scores[0][0]:.3f}, {scores[1][0]:.3f} "
            f"| {cats[0]}, {cats[1]} | {dogs[0]}, {dogs[1]} |"
        )


def others() -> None:
    """One row a checkpoint: how much it was trained and validated on."""
    print("\n| checkpoint | images: train, validation | validation accuracy | seconds on | size in MB |")
    print("| --- | --- | --- | --- | --- |")
    for name in (*OTHERS, *SIGNS, *PETS):
        this = card(name)
        size = (paths.root() / name / paths.WEIGHTS).stat().st_size / 1e6
        print(
            f"| `{name}` | {this.data['train']:,}, {this.data['val']:,} | {this.metrics['val_accuracy']:.3f} "
            f"| {this.training['seconds']:.0f}, {this.training['device']} | {size:.2f} |"
        )


def statistics_of_the_batch(folder: Path) -> None:
    """Validation accuracy with the running statistics, and with those of the validation images themselves."""
    print("\n| road signs | accuracy, running statistics | accuracy, statistics of the images |")
    print("| --- | --- | --- |")
    for name in SIGNS[1:]:
        loaded = store.load(paths.root() / name)
        recipe = parse(loaded.card.recipe)
        decoded = decode(catalogue.open_data(recipe.data.source, folder), loaded.card.preprocess)
        data = material(decoded, recipe.data, recipe.seed)
        batch = loaded.card.preprocess.normalised(decoded.inputs(data.val.tolist()))
        labels = torch.from_numpy(data.labels[data.val])
        norms = [module for module in loaded.model.modules() if isinstance(module, nn.BatchNorm2d)]
        shares = []
        for uses_the_batch in (False, True):
            for norm in norms:
                norm.train(uses_the_batch)
                norm.momentum = 0.0
            with torch.inference_mode():
                shares.append(float((loaded.model(batch).argmax(1) == labels).double().mean()))
        print(f"| `{name}` | {shares[0]:.3f} | {shares[1]:.3f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signs", type=Path, metavar="DIR")
    options = parser.parse_args()
    signs()
    pets()
    others()
    if options.signs:
        statistics_of_the_batch(options.signs)
