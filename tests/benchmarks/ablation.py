"""What the shipped checkpoints show: batch norm and augmentation on road signs; scratch and transfer on pets.

``python tests/benchmarks/ablation.py``: nothing is trained here; the tables are those of the cards
and prediction tables in ``checkpoints``.
"""

import sys
from pathlib import Path

import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

sys.path.insert(0, str(Path(__file__).parents[2]))

from core import checkpoint
from core.checkpoint import Card
from core.training.run import PREDICTIONS

SIGNS = ("signs-plain", "signs-bn", "signs-bn-aug")
PETS = ("pets-cat-dog-scratch", "pets-cat-dog")
OTHERS = ("digits", "malaria")


def card(name: str) -> Card:
    """The card of a shipped checkpoint."""
    return checkpoint.read_card(checkpoint.ROOT / name)


def predictions(name: str) -> pd.DataFrame:
    """Its predictions of the validation images."""
    return pd.read_parquet(checkpoint.ROOT / name / PREDICTIONS)


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
        size = (checkpoint.ROOT / name / checkpoint.WEIGHTS).stat().st_size / 1e6
        print(
            f"| `{name}` | {this.data['train']:,}, {this.data['val']:,} | {this.metrics['val_accuracy']:.3f} "
            f"| {this.training['seconds']:.0f}, {this.training['device']} | {size:.2f} |"
        )


if __name__ == "__main__":
    signs()
    pets()
    others()
