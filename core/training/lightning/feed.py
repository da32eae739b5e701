"""The LightningDataModule: batches of training and validation samples."""

from collections.abc import Sequence

import numpy as np
from lightning.pytorch import LightningDataModule, Trainer
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from core.data.batches import (
    Batch,
    InOrder,
    Key,
    Pieces,
    Share,
    Shuffled,
    class_weights,
    loader,
    oversampling,
)
from core.training.material import Material
from core.training.settings.recipe import Recipe


class Feed(LightningDataModule):
    """Training batches of the current epoch, and the validation samples in order.

    The Trainer must ask for a new loader each epoch (``reload_dataloaders_every_n_epochs=1``): the order
    follows from seed and epoch, so that a resumed training continues exactly as one without a break.
    """

    trainer: Trainer

    def __init__(
        self,
        recipe: Recipe,
        material: Material,
        *,
        train: Dataset[Batch],
        val: Dataset[Batch],
        workers: int,
    ) -> None:
        super().__init__()
        self.recipe, self.material, self.workers = recipe, material, workers
        self.train_data, self.val_data = train, val
        classes = len(material.decoded.images.class_names)
        labels = material.labels[material.train]
        self.weights = _drawing(recipe, material, classes)
        self._sample_weights = loss_weights(recipe, material)
        self._class_weights = (
            class_weights(labels, classes) if recipe.loss.class_weights else np.ones(classes)
        )
        self._pieces = self._least = 1
        self._piece_weights: list[float] = []

    def cut(self, pieces: int, *, least: int) -> None:
        """Give each batch in that many pieces, none with fewer than ``least`` images unless the batch has."""
        self._pieces, self._least = pieces, least

    def largest_piece(self) -> Batch:
        """The images of the largest piece of an epoch."""
        batch = max(self._batches(), key=len)
        piece = max(Pieces([batch], self._pieces, least=self._least), key=len)
        images: Batch = next(iter(loader(self.train_data, Pieces([piece], 1))))
        return images

    def piece_weight(self, batch_idx: int) -> float:
        """The weight of a piece of this epoch, so that the pieces of a batch sum to its loss.

        The Trainer takes the mean over the pieces, so that it is 1 for equal ones.
        """
        return self._piece_weights[batch_idx] if self._piece_weights else 1.0

    def train_dataloader(self) -> DataLoader[Batch]:
        """The batches of the coming epoch, or their pieces."""
        batches = self._batches()
        if self._pieces == 1:
            return loader(self.train_data, batches, workers=self.workers)
        pieces = Pieces(batches.batches, self._pieces, least=self._least)
        self._piece_weights = [
            self._pieces * self._weight(piece) / self._weight(batch)
            for piece, batch in zip(pieces.pieces, pieces.batch_of, strict=True)
        ]
        return loader(self.train_data, pieces, workers=self.workers)

    def _batches(self) -> Shuffled:
        return Shuffled(
            self.material.train,
            batch_size=self.recipe.batch_size,
            seed=self.recipe.seed,
            epoch=self.trainer.current_epoch,
            share=self._share(),
            weights=self.weights,
        )

    def _weight(self, keys: Sequence[Key]) -> float:
        """The sum of the weights of these images in the loss."""
        indices = [index for _, index in keys]
        weights = self._class_weights[self.material.labels[indices]]
        if self._sample_weights is not None:
            weights = weights * self._sample_weights[indices]
        return float(weights.sum())

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation batches of this process."""
        size = max(1, self.recipe.batch_size // self.trainer.world_size // self._pieces)
        batches = InOrder(self.material.val, batch_size=size, share=self._share())
        return loader(self.val_data, batches, workers=self.workers)

    def _share(self) -> Share:
        return Share(self.trainer.global_rank, self.trainer.world_size)


def loss_weights(recipe: Recipe, material: Material) -> NDArray[np.float32] | None:
    """The weight of each image (N,) in the loss, besides that of its class; None if all are 1."""
    if material.emphasised is None or recipe.emphasis.weight == 1:
        return None
    return np.where(material.emphasised, recipe.emphasis.weight, 1).astype(np.float32)


def _drawing(recipe: Recipe, material: Material, classes: int) -> NDArray[np.float64] | None:
    """The weights (n,) with which training images are drawn; None if each is taken once."""
    labels, emphasised = material.labels[material.train], material.emphasised
    weights = oversampling(labels, classes) if recipe.loss.oversample else None
    if emphasised is None or recipe.emphasis.drawn == 1:
        return weights
    times = np.where(emphasised[material.train], recipe.emphasis.drawn, 1.0)
    return times if weights is None else weights * times
