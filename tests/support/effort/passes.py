"""Work for passes in tests: rows that are known beforehand, from samples that cost nothing."""

import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import torch

from core.passes.work import Compute, Input, InputBatch, Reader, Work


def plain(position: int) -> Input | None:
    """A tiny image whose pixels are its position; every tenth from 7 on is damaged."""
    return (
        None
        if position % 10 == 7
        else Input(torch.full((1, 1, 1), position % 256, dtype=torch.uint8), (1, 1))
    )


@dataclass(frozen=True, slots=True)
class Squares:
    """The square of each readable position; ``asked`` has the batches of this process."""

    reader: Reader = plain
    asked: list[list[int]] = field(default_factory=list)

    def opened(self, device: str) -> Compute:
        """The function of a batch."""
        del device
        return self._rows

    def _rows(self, batch: InputBatch) -> pa.Table:
        self.asked.append(batch.positions.tolist())
        assert (batch.pixels.flatten() == batch.positions % 256).all()
        return pa.table({"position": batch.positions.numpy(), "square": (batch.positions**2).numpy()})


@dataclass(frozen=True, slots=True)
class KilledOnce:
    """The same work, in whose middle the process that computes ``position`` is killed, the first time."""

    work: Work
    position: int
    marker: Path

    @property
    def reader(self) -> Reader:
        """The samples."""
        return self.work.reader

    def opened(self, device: str) -> Compute:
        """The function of a batch."""
        compute = self.work.opened(device)

        def rows(batch: InputBatch) -> pa.Table:
            if self.position in batch.positions.tolist() and not self.marker.exists():
                self.marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return compute(batch)

        return rows


@dataclass(frozen=True, slots=True)
class Faults:
    """For each batch, how many pages the system had to clear for a tensor of 128 MB."""

    reader: Reader = plain

    def opened(self, device: str) -> Compute:
        """The function of a batch."""
        del device
        return _faults


def _faults(_batch: InputBatch) -> pa.Table:
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    torch.ones(2**25)
    return pa.table({"faults": [resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before]})


class NotLoadable(Squares):
    """Work that no other process can load."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return _missing, ()


def _missing() -> NoReturn:
    raise ModuleNotFoundError("No module named 'timm'")


def squares_of(tables: Sequence[pa.Table]) -> list[int]:
    """The squares in tables, in order."""
    squares: list[int] = pa.concat_tables(tables)["square"].to_pylist()
    return squares
