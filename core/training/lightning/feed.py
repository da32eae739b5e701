"""The LightningDataModule: batches of training and validation samples."""

from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader, Dataset

from core.data.batches import Batch, InOrder, Share, Shuffled, loader, oversampling
from core.training.material import Material
from core.training.recipe import Recipe


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
        self.weights = oversampling(labels, classes) if recipe.loss.oversample else None

    def train_dataloader(self) -> DataLoader[Batch]:
        """The batches of the coming epoch."""
        batches = Shuffled(
            self.material.train,
            batch_size=self.recipe.batch_size,
            seed=self.recipe.seed,
            epoch=self.trainer.current_epoch,
            share=self._share(),
            weights=self.weights,
        )
        return loader(self.train_data, batches, workers=self.workers)

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation batches of this process."""
        size = max(1, self.recipe.batch_size // self.trainer.world_size)
        batches = InOrder(self.material.val, batch_size=size, share=self._share())
        return loader(self.val_data, batches, workers=self.workers)

    def _share(self) -> Share:
        return Share(self.trainer.global_rank, self.trainer.world_size)
