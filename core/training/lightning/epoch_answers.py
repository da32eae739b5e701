"""The answers to the samples of an epoch, measured once at its end."""

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric


class EpochAnswers(nn.Module):
    """Losses, predictions and labels of the batches of an epoch, as they come.

    Metrics of torchmetrics are updated once, with all of them: an update takes a few hundred microseconds,
    as long as a step of a small network. Nothing is read from the device before.
    """

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        # One loss per sample, not weighted: torchmetrics 1.9's MeanMetric drops weights if it passes NaN.
        self.loss, self.metric = MeanMetric(nan_strategy="disable"), metric
        self._batches: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add a batch: its mean loss, logits (n, C) and labels (n,)."""
        self._batches.append((loss.detach().expand(len(labels)), logits.detach().argmax(1), labels))

    def taken(self) -> tuple[Tensor, Tensor]:
        """The mean loss over all samples of all processes, and the metric; the next epoch starts empty."""
        if self._batches:
            losses, predicted, labels = map(torch.cat, zip(*self._batches, strict=True))
            self.loss.update(losses)
            self.metric.update(predicted, labels)
        self.clear()
        measured = self.loss.compute().float(), self.metric.compute()
        self.loss.reset()
        self.metric.reset()
        return measured

    def clear(self) -> None:
        """Forget the batches."""
        self._batches.clear()
