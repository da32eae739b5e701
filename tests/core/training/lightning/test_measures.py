"""The measures of an epoch are those of their definitions, and the best epoch is the one that they choose."""

import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torchmetrics.classification import MulticlassStatScores

from core.training.lightning.measures import balanced_accuracy, best_row, macro_f1
from core.training.lightning.train import _early_stopping
from core.training.settings import recipe as recipes

# Three 0s of which two are right, one 1 that is right, a 2 taken for a 3; no sample of 3, nothing of 4.
LABELS, PREDICTED = torch.tensor([0, 0, 0, 1, 2]), torch.tensor([0, 0, 1, 1, 3])


def _scores() -> torch.Tensor:
    scores = MulticlassStatScores(5, average=None)
    scores.update(PREDICTED[:2], LABELS[:2])
    scores.update(PREDICTED[2:], LABELS[2:])
    return scores.compute()


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_with_samples() -> None:
    assert balanced_accuracy(_scores()).item() == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_macro_f1_is_the_mean_over_the_classes_that_occur() -> None:
    assert macro_f1(_scores()).item() == pytest.approx((4 / 5 + 2 / 3 + 0 + 0) / 4)


def test_both_are_those_of_scikit_learn() -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = torch.Generator().manual_seed(0)
    labels, predicted = (torch.randint(0, 6, (50,), generator=random) for _ in range(2))
    scores = MulticlassStatScores(6, average=None)(predicted, labels)
    assert balanced_accuracy(scores).item() == pytest.approx(
        reference.balanced_accuracy_score(labels, predicted)
    )
    assert macro_f1(scores).item() == pytest.approx(reference.f1_score(labels, predicted, average="macro"))


def _row(**measured: float) -> dict[str, float]:
    return {
        "val_loss": 1.0,
        "val_accuracy": 0.5,
        "val_balanced_accuracy": 0.5,
        "val_macro_f1": 0.5,
    } | measured


@pytest.mark.parametrize("measure", ["val_accuracy", "val_balanced_accuracy", "val_macro_f1"])
def test_the_best_epoch_has_the_highest_measure_then_the_lowest_loss_then_comes_first(measure: str) -> None:
    rows = [_row(), _row(**{measure: 0.6}), _row(**{measure: 0.6}, val_loss=0.9), _row(val_loss=0.1)]
    assert best_row(rows, measure) is rows[2]
    assert best_row([*rows, dict(rows[2])], measure) is rows[2]
    assert best_row([], measure) is None


def test_by_loss_the_lowest_wins_then_the_highest_accuracy() -> None:
    rows = [_row(val_accuracy=0.9), _row(val_loss=0.5), _row(val_loss=0.5, val_accuracy=0.6)]
    assert best_row(rows, "val_loss") is rows[2]


def _stopping(*changes: str) -> EarlyStopping:
    (callback,) = _early_stopping(recipes.read("digits", ["keep.patience=2", *changes]).keep)
    assert isinstance(callback, EarlyStopping)
    return callback


def _epochs(stopping: EarlyStopping, *measured: float) -> int:
    """The number of epochs after which training stops; all of them if it does not."""
    for number, value in enumerate(measured, start=1):
        stops, _ = stopping._evaluate_stopping_criteria(torch.tensor(value))
        if stops:
            return number
    return len(measured)


def test_a_difference_below_the_smallest_that_counts_is_no_improvement() -> None:
    accuracies = (0.50, 0.51, 0.52, 0.53, 0.54)
    assert _epochs(_stopping(), *accuracies) == 5
    assert _epochs(_stopping("keep.min_delta=0.05"), *accuracies) == 3
    losses = (1.0, 0.99, 0.98, 0.97)
    assert _epochs(_stopping("keep.best=val_loss"), *losses) == 4
    assert _epochs(_stopping("keep.best=val_loss", "keep.min_delta=0.05"), *losses) == 3


def test_epochs_that_do_not_pass_the_baseline_are_no_improvement() -> None:
    assert _epochs(_stopping("keep.baseline=0.6"), 0.50, 0.55, 0.70) == 2
    assert _epochs(_stopping("keep.baseline=0.6"), 0.50, 0.70, 0.65, 0.75, 0.8) == 5
    assert _epochs(_stopping("keep.best=val_loss", "keep.baseline=0.6"), 0.9, 0.5, 0.7, 0.4) == 4
    assert _epochs(_stopping("keep.best=val_loss", "keep.baseline=0.6"), 0.9, 0.8, 0.4) == 2
