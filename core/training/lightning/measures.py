"""What is measured after each epoch, and which epoch is best."""

from collections.abc import Mapping, Sequence

from torch import Tensor

ALWAYS = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
MEASURES = (*ALWAYS, "val_balanced_accuracy", "val_macro_f1")
Row = Mapping[str, float]


def accuracy(scores: Tensor) -> Tensor:
    """The share of right predictions, from torchmetrics' stat scores (C, 5)."""
    return scores[:, 0].sum() / scores[:, 4].sum()


def balanced_accuracy(scores: Tensor) -> Tensor:
    """Mean recall of the classes with samples, from torchmetrics' stat scores (C, 5); from 0 to 1.

    torchmetrics' own macro accuracy counts a class without samples as 0 once it is predicted.
    """
    right, support = scores[:, 0].float(), scores[:, 4]
    present = support > 0
    return (right[present] / support[present]).mean()


def macro_f1(scores: Tensor) -> Tensor:
    """Mean F1 of the classes that occur as a label or a prediction, from stat scores (C, 5); from 0 to 1."""
    right, false, _, missed, _ = scores.float().unbind(1)
    total = 2 * right + false + missed
    occurs = total > 0
    return (2 * right[occurs] / total[occurs]).mean()


def best_row(rows: Sequence[Row], measure: str) -> Row | None:
    """The best epoch by one of the validation measures; None before the first.

    Ties go to the lower loss, ties in loss to the higher accuracy, ties in both to the first.
    """

    def merit(row: Row) -> tuple[float, ...]:
        loss = -row["val_loss"]
        return (loss, row["val_accuracy"]) if measure == "val_loss" else (row[measure], loss)

    return max(rows, key=merit, default=None)
