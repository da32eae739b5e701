"""The engine of one machine: the network in this process, beside it processes that read images."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from torch.utils.data import DataLoader, Dataset

from core.data.workers import leave_quietly
from core.passes.parts import Chunk, Chunks
from core.passes.running import Running
from core.passes.work import Compute, Input, Reader, Work, together

Item = tuple[int, Input | None]


@dataclass(frozen=True, slots=True)
class InProcess:
    """Computes on ``device``; ``workers`` processes read and decode images ahead."""

    device: str = "cpu"
    workers: int = 0

    @contextmanager
    def started(self, work: Work) -> Iterator[Running]:
        """Load the network, then give the function that computes batches in order."""
        yield partial(self._results, work.reader, work.opened(self.device))

    def _results(self, reader: Reader, compute: Compute, chunks: Chunks) -> Iterator[tuple[Chunk, pa.Table]]:
        batches = DataLoader(
            _Samples(reader),
            batch_sampler=_Positions(chunks),
            collate_fn=together,
            num_workers=self.workers if chunks.wanted else 0,
            pin_memory=self.device.startswith("cuda"),
            worker_init_fn=leave_quietly,
        )
        for chunk, batch in zip(chunks, batches, strict=True):
            yield chunk, compute(batch)


IN_PROCESS = InProcess()


class _Samples(Dataset[Item]):
    """By position: the position, and the sample."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def __getitem__(self, position: int) -> Item:
        return position, self.reader(position)


@dataclass(frozen=True, slots=True)
class _Positions:
    """The positions of each batch."""

    chunks: Chunks

    def __iter__(self) -> Iterator[list[int]]:
        return (list(chunk.positions) for chunk in self.chunks)

    def __len__(self) -> int:
        return len(self.chunks)
