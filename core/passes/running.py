"""Runs a pass on an engine: the parts that are missing, each written once it is whole."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pyarrow as pa

from core.data.batches import Share
from core.passes.parts import Chunk, Chunks, Parts
from core.passes.progress import Meter, PassProgress
from core.passes.work import Work

_ALL = Share()
# From batches to the rows of each, in any order.
Running = Callable[[Chunks], Iterator[tuple[Chunk, pa.Table]]]


class Engine(Protocol):
    """Computes batches: in this process, or on a cluster."""

    def started(self, work: Work) -> AbstractContextManager[Running]:
        """Ready to compute until the block ends; all processes that it has started end with the block."""


def run(
    running: Running,
    parts: Parts,
    write: Callable[[int, Sequence[pa.Table]], None],
    *,
    share: Share = _ALL,
) -> Iterator[PassProgress]:
    """Compute the missing parts; gives the progress at the start and after each batch.

    ``write`` gets each part's number and the tables of its batches in order; it writes the part's file. Of
    several processes, each computes its ``share`` of the parts.
    """
    parts.prepare()
    mine = range(share.rank, len(parts), share.world)
    chunks = Chunks(parts, [part for part in mine if not parts.path(part).exists()])
    meter = Meter(parts.num_done(), parts.num_samples)
    waiting: dict[int, dict[int, pa.Table]] = defaultdict(dict)
    yield meter.progress()
    for chunk, table in running(chunks):
        waiting[chunk.part][chunk.first] = table
        if len(waiting[chunk.part]) == chunks.num_in(chunk.part):
            tables = waiting.pop(chunk.part)
            write(chunk.part, [tables[first] for first in sorted(tables)])
        yield meter.after(len(chunk.positions))
