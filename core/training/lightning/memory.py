"""Batches in pieces where the memory of a GPU runs out: the same steps, with less memory for each pass."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from lightning.pytorch.utilities.memory import garbage_collection_cuda, is_oom_error
from torch import nn

from core.errors import TrainingError
from core.training.runs.run import RunFolder
from core.training.settings.recipe import Recipe

Result = TypeVar("Result")
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def in_fitting_pieces(
    fit: Callable[[int], Result], *, pieces: int, most: int, on_smaller: Callable[[int], None]
) -> Result:
    """What ``fit(pieces)`` gives; where memory runs out, with twice as many pieces, up to ``most``.

    ``on_smaller`` gets the number of pieces before each new attempt. With ``most``, the error is raised.
    """
    while True:
        try:
            return fit(pieces)
        except RuntimeError as error:
            if pieces >= most or not is_out_of_memory(error):
                raise
        # Not in the except clause, where the traceback still holds the tensors of the pass that failed.
        garbage_collection_cuda()
        pieces = min(2 * pieces, most)
        on_smaller(pieces)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is an error of a device, or of this machine, without enough memory."""
    return isinstance(error, torch.OutOfMemoryError) or is_oom_error(error)


def pieces_before(run: RunFolder | None) -> int:
    """In how many pieces this training computed its batches when it was interrupted; 1 for a new one."""
    return int(run.card.training.get("pieces", 1)) if run else 1


@contextmanager
def enough_memory(recipe: Recipe, *, is_alone: bool) -> Iterator[None]:
    """Raise TrainingError, with what to change, where the memory of the GPU runs out.

    ``is_alone``: one process trains, and has tried its smallest pieces.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        what = "even the smallest batches" if is_alone else f"batches of {recipe.batch_size} images"
        change = "image.size" if is_alone else "batch_size or image.size"
        raise TrainingError(
            f"the GPU has not enough memory for {what}; set a smaller {change}, or speed.precision=bf16-mixed"
        ) from error


def most_pieces(batch_size: int, model: nn.Module) -> int:
    """The number of pieces of the smallest possible size in a batch."""
    return max(1, batch_size // smallest_piece(model))


def smallest_piece(model: nn.Module) -> int:
    """The fewest images that a training pass takes: batch norm that is trained needs two."""
    learns = (module for module in model.modules() if isinstance(module, _NORMS))
    return 2 if any(each.requires_grad for module in learns for each in module.parameters()) else 1
