"""Batches in pieces, where the memory of a GPU runs out."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Generic, TypeVar

import torch

from core.passes.work import InputBatch

Result = TypeVar("Result")


class InPieces(Generic[Result]):
    """What ``compute`` gives for a batch; if memory runs out, ``join`` of what it gives for pieces, in order.

    A piece has half the images of the one that did not fit. Later batches begin with pieces of that size:
    those of a data set all need the same memory.
    """

    def __init__(
        self, compute: Callable[[InputBatch], Result], join: Callable[[Sequence[Result]], Result]
    ) -> None:
        self._compute, self._join = compute, join
        self._most: int | None = None

    def __call__(self, batch: InputBatch) -> Result:
        """The result for the whole batch; torch.OutOfMemoryError if not even one image fits."""
        results: list[Result] = []
        waiting = self._pieces([batch])
        while waiting:
            piece, *others = waiting
            # Of a single image the error is raised.
            with suppress(torch.OutOfMemoryError) if len(piece.positions) > 1 else nullcontext():
                results.append(self._compute(piece))
                waiting = others
                continue
            # Not in an except clause, where the traceback still holds the tensors of the pass that failed.
            torch.cuda.empty_cache()
            self._most = len(piece.positions) // 2
            waiting = self._pieces(waiting)
        return self._join(results)

    def _pieces(self, batches: Sequence[InputBatch]) -> list[InputBatch]:
        if self._most is None:
            return list(batches)
        return [piece for batch in batches for piece in batch.split(self._most)]
