"""Several processes agree on the pieces of a batch before the first step: as few as fit for all of them."""

from collections.abc import Callable
from typing import cast

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities.memory import garbage_collection_cuda

from core.data.batches import Batch
from core.training.lightning.classifier import Classifier
from core.training.lightning.feed import Feed
from core.training.lightning.memory import is_out_of_memory, most_pieces, smallest_piece

_MOMENTS = 2  # Tensors of each parameter's size that Adam makes in the first step.


class Agreement(Callback):
    """Tries one batch in each process, and cuts batches in more pieces until all processes have room.

    Memory that runs out within a step of several processes cannot be handled there: the others already wait
    for the gradients of the one that failed. The trial exchanges no gradients, so that each process can fail
    alone and all of them continue together. Where memory runs out later all the same, training ends with the
    reason.
    """

    def __init__(self, feed: Feed, pieces: int, on_smaller: Callable[[int], None]) -> None:
        self.feed, self.pieces, self.on_smaller = feed, pieces, on_smaller

    def on_fit_start(self, trainer: Trainer, module: LightningModule) -> None:
        """Agree, once the network is on its device.

        Raises:
            torch.OutOfMemoryError: even the smallest pieces do not fit.
        """
        classifier, feed = cast("Classifier", module), self.feed
        size, least = feed.recipe.batch_size // trainer.world_size, smallest_piece(classifier.network)
        most, pieces = most_pieces(size, classifier.network), int(trainer.strategy.broadcast(self.pieces))
        feed.cut(pieces, least=least)
        while not trainer.strategy.reduce_boolean_decision(_fits(trainer, classifier, feed), all=True):
            if pieces >= most:
                raise torch.OutOfMemoryError("one of the processes has no memory for the smallest batch")
            pieces = min(2 * pieces, most)
            feed.cut(pieces, least=least)
            if trainer.is_global_zero:
                self.on_smaller(pieces)
        trainer.accumulate_grad_batches *= pieces


def _fits(trainer: Trainer, classifier: Classifier, feed: Feed) -> bool:
    """Whether a step with the largest piece fits in the memory of this process."""
    try:
        batch = trainer.strategy.batch_to_device(feed.largest_piece())
        with trainer.precision_plugin.train_step_context():
            _try(classifier, batch)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    else:
        return True
    garbage_collection_cuda()
    return False


def _try(classifier: Classifier, batch: Batch) -> None:
    """Take memory as a training step does, without a step: gradients and moments, which are dropped."""
    learning = [parameter for parameter in classifier.parameters() if parameter.requires_grad]
    statistics = [buffer.clone() for buffer in classifier.buffers()]
    moments = [torch.empty_like(each) for each in learning for _ in range(_MOMENTS)]
    try:
        torch.autograd.grad(classifier.training_step(batch, 0), learning, allow_unused=True)
    finally:
        moments.clear()
        for buffer, before in zip(classifier.buffers(), statistics, strict=True):
            buffer.copy_(before)
        classifier.train_answers.clear()
