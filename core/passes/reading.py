"""The batches of a pass, read and decoded ahead: by threads, or by processes beside a GPU."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader, Dataset

from core.data.workers import leave_quietly
from core.passes.parts import Chunk, Chunks
from core.passes.work import Input, InputBatch, Reader, together

Item = tuple[int, Input | None]


def by_threads(reader: Reader, chunks: Iterable[Chunk], num_threads: int) -> Iterable[InputBatch]:
    """The batches in order, for a network on the CPU; the next one is decoded while one is computed.

    Pillow decodes and resizes without Python's lock. Worker processes would take a tenth more processor time,
    to start and to hand over pixels.
    """
    pool = ThreadPoolExecutor(num_threads)
    flight: deque[list[Future[Item]]] = deque()
    try:
        for chunk in chunks:
            flight.append([pool.submit(_item, reader, position) for position in chunk.positions])
            if len(flight) == 2:
                yield _batch(flight.popleft())
        while flight:
            yield _batch(flight.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def by_processes(reader: Reader, chunks: Chunks, workers: int) -> Iterable[InputBatch]:
    """The batches in order, in pinned memory, for a network on a GPU.

    A GPU takes more photos than threads can decode, which wait for Python's lock between Pillow's calls.
    """
    return DataLoader(
        _Samples(reader),
        batch_sampler=_Positions(chunks),
        collate_fn=together,
        num_workers=workers if chunks.wanted else 0,
        pin_memory=True,
        # Its own generator: a seed drawn from the global one would change what a training draws next.
        generator=torch.Generator(),
        worker_init_fn=leave_quietly,
    )


def _item(reader: Reader, position: int) -> Item:
    return position, reader(position)


def _batch(items: list[Future[Item]]) -> InputBatch:
    return together([item.result() for item in items])


class _Samples(Dataset[Item]):
    """By position: the position, and the sample."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def __getitem__(self, position: int) -> Item:
        return _item(self.reader, position)


@dataclass(frozen=True, slots=True)
class _Positions:
    """The positions of each batch."""

    chunks: Chunks

    def __iter__(self) -> Iterator[list[int]]:
        return (list(chunk.positions) for chunk in self.chunks)

    def __len__(self) -> int:
        return len(self.chunks)
