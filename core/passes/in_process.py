"""The engine of one machine: the network in this process, beside it threads or processes that read images."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from core.passes import reading
from core.passes.parts import Chunk, Chunks
from core.passes.running import Running
from core.passes.work import Compute, Reader, Work


@dataclass(frozen=True, slots=True)
class InProcess:
    """Computes on ``device``; meanwhile images are read and decoded ahead.

    Beside a GPU, ``workers`` processes do that; else as many threads and one more, since a network on the CPU
    leaves its core to them while it waits.
    """

    device: str = "cpu"
    workers: int = 0

    @contextmanager
    def started(self, work: Work) -> Iterator[Running]:
        """Load the network, then give the function that computes batches in order."""
        yield partial(self._results, work.reader, work.opened(self.device))

    def _results(self, reader: Reader, compute: Compute, chunks: Chunks) -> Iterator[tuple[Chunk, pa.Table]]:
        if self.device.startswith("cuda"):
            batches = reading.by_processes(reader, chunks, self.workers)
        else:
            batches = reading.by_threads(reader, chunks, self.workers + 1)
        for chunk, batch in zip(chunks, batches, strict=True):
            yield chunk, compute(batch)


IN_PROCESS = InProcess()
