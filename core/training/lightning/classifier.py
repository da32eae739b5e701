"""The LightningModule: a network with its loss, metrics and optimiser."""

from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer, lr_scheduler
from torchmetrics.classification import MulticlassAccuracy, MulticlassStatScores

from core.data.batches import Batch
from core.models.frozen_norms import rest_norms
from core.models.heads import keep_frozen_in_eval
from core.training.lightning.epoch_answers import EpochAnswers
from core.training.lightning.measures import accuracy, balanced_accuracy, macro_f1
from core.training.settings.recipe import Recipe
from core.training.settings.schema import Optimiser, Schedule


class Classifier(LightningModule):
    """A network that learns the labels of batches.

    ``prepared`` turns the first part of a batch into network input, on the device: normalisation for pixels,
    nothing for features. ``piece_weight`` is the weight of a loss in its batch, see `Feed`. Logged once per
    epoch: ``train_loss``, ``train_accuracy`` (during training, with dropout), ``val_loss``, ``val_accuracy``,
    as means over all samples of all processes; and ``val_balanced_accuracy``, ``val_macro_f1``, as means over
    classes.
    """

    sample_weights: Tensor | None  # (N,), by the indices in a batch.

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        *,
        num_classes: int,
        prepared: Callable[[Tensor], Tensor],
        class_weights: Tensor | None = None,
        piece_weight: Callable[[int], float] = lambda _batch_idx: 1.0,
    ) -> None:
        super().__init__()
        self.network, self.recipe, self.prepared = network, recipe, prepared
        self.piece_weight = piece_weight
        self.loss = nn.CrossEntropyLoss(class_weights, label_smoothing=recipe.loss.label_smoothing)
        self.register_buffer("sample_weights", None, persistent=False)
        # In training one number: a table of all classes takes C x C.
        right = MulticlassAccuracy(num_classes, average="micro", validate_args=False)
        by_class = MulticlassStatScores(num_classes, average=None, validate_args=False)
        self.train_answers, self.val_answers = EpochAnswers(right), EpochAnswers(by_class)
        self.train()

    def weigh(self, samples: Tensor | None) -> "Classifier":
        """Weigh all images (N,) in the loss of training; gives itself."""
        self.sample_weights = samples
        return self

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (n, C), without those of auxiliary heads."""
        return self._outputs(batch)[0]

    def train(self, mode: bool = True) -> "Classifier":  # noqa: FBT001, FBT002 (torch's signature)
        """Keep frozen parts in evaluation mode: their batch norm must not follow the new data."""
        super().train(mode)
        keep_frozen_in_eval(self.network)
        if self.recipe.model.frozen_norms:
            rest_norms(self.network)
        return self

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch, with that of auxiliary heads; of a piece of a batch, its part of that.

        ``train_loss`` is without auxiliary heads and weights of samples.
        """
        inputs, labels, indices = batch
        logits, auxiliary = self._outputs(inputs)
        loss: Tensor = self.loss(logits, labels)
        self.train_answers.add(loss, logits, labels)
        if self.sample_weights is not None:
            loss = self._weighted(logits, labels, indices)
        if self.recipe.loss.auxiliary:
            others = torch.stack([self._weighted(each, labels, indices) for each in auxiliary])
            loss = loss + self.recipe.loss.auxiliary * others.sum()
        return loss * self.piece_weight(batch_idx)

    def validation_step(self, batch: Batch, _batch_idx: int) -> None:
        """Add a batch to the answers of this validation."""
        inputs, labels, _ = batch
        logits = self(inputs)
        self.val_answers.add(self.loss(logits, labels), logits, labels)

    def on_train_epoch_end(self) -> None:
        """Log the epoch."""
        loss, right = self.train_answers.taken()
        self.log_dict({"train_loss": loss, "train_accuracy": right})

    def on_validation_epoch_end(self) -> None:
        """Log the epoch."""
        loss, scores = self.val_answers.taken()
        self.log_dict(
            {
                "val_loss": loss,
                "val_accuracy": accuracy(scores),
                "val_balanced_accuracy": balanced_accuracy(scores),
                "val_macro_f1": macro_f1(scores),
            }
        )

    def configure_optimizers(self) -> Any:  # noqa: ANN401 (Lightning's own union)
        """The recipe's optimiser for the weights that are not frozen, and its schedule."""
        learning = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        optimizer = _optimizer(self.recipe.optimiser, learning)
        schedulers = _schedulers(self.recipe.schedule, optimizer)
        return [optimizer], schedulers

    def _outputs(self, batch: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (n, C), and those of each auxiliary head, which torchvision's networks give in training."""
        outputs = self.network(self.prepared(batch))
        if isinstance(outputs, Tensor):
            return outputs, []
        auxiliary = [logits for name, logits in outputs._asdict().items() if name != "logits"]
        return outputs.logits, auxiliary

    def _weighted(self, logits: Tensor, labels: Tensor, indices: Tensor) -> Tensor:
        """The mean loss of a batch with the weights of its samples and classes."""
        if self.sample_weights is None:
            loss: Tensor = self.loss(logits, labels)
            return loss
        smoothing, by_class = self.loss.label_smoothing, self.loss.weight
        each = nn.functional.cross_entropy(
            logits, labels, by_class, reduction="none", label_smoothing=smoothing
        )
        weights = self.sample_weights[indices]
        of_samples = weights if by_class is None else weights * by_class[labels]
        return (weights * each).sum() / of_samples.sum()


def _optimizer(settings: Optimiser, parameters: list[nn.Parameter]) -> Optimizer:
    shared = {"lr": settings.lr, "weight_decay": settings.weight_decay}
    if settings.name in {"sgd", "rmsprop"}:
        shared["momentum"] = settings.momentum
    kinds: dict[str, Callable[..., Optimizer]] = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "sgd": torch.optim.SGD,
        "rmsprop": torch.optim.RMSprop,
    }
    return kinds[settings.name](parameters, **shared)


def _schedulers(settings: Schedule, optimizer: Optimizer) -> list[Any]:
    schedulers: list[Any] = []
    if settings.drop_after:
        schedulers.append(lr_scheduler.MultiStepLR(optimizer, list(settings.drop_after), settings.factor))
    if settings.plateau:
        # Torch counts the tolerated epochs; the recipe counts the epochs after which the rate falls.
        plateau = lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=settings.factor, patience=settings.plateau - 1
        )
        schedulers.append({"scheduler": plateau, "monitor": "val_loss"})
    return schedulers
