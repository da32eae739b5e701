"""What runs in Ray's processes: reading batches, and computing them with a network."""

import functools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from core import errors
from core.device import keep_freed_memory
from core.errors import CoreError, EvaluationError
from core.passes import ray_session, reading
from core.passes.parts import Chunk
from core.passes.work import Compute, InputBatch, Work, numbers, together

_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Reference:
    """The work and its batches in Ray's memory: one copy for each machine, read once by each process."""

    shared: Any

    def read(self) -> tuple[Work, list[Chunk]]:
        """The work and its batches."""
        return _fetched(self.shared)


@functools.lru_cache(maxsize=1)
def _fetched(shared: Any) -> tuple[Work, list[Chunk]]:  # noqa: ANN401 (an ObjectRef, whose library is optional)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    ray = ray_session.ray_data()
    try:
        fetched: tuple[Work, list[Chunk]] = ray.get(shared)
    except ray.exceptions.RaySystemError as error:  # After which Ray would try again forever.
        raise EvaluationError(
            f"a process of the cluster cannot load this work ({_cause(error)}); every machine needs the same "
            "packages in the same versions"
        ) from error
    return fetched


def _cause(error: Exception) -> str:
    """The last line of the traceback in an error of Ray."""
    return str(error).strip().splitlines()[-1].strip()


def _end_with(parent: int) -> None:
    """End this process soon after Ray's, which started it: by itself Ray waits for the batch at hand."""
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os._exit(1)


def read(numbers: pa.Table, reference: Reference) -> pa.Table:
    """The batch of one number as one row, for `Computing`: its pixels, or an error."""
    (number,) = numbers["id"].to_pylist()
    try:
        work, every = reference.read()
        samples = [(position, work.reader(position)) for position in every[number].positions]
    except CoreError as error:
        return _row(number, together([]), _said(error))
    return _row(number, together(samples), "")


def _row(number: int, batch: InputBatch, error: str) -> pa.Table:
    return pa.table(
        {
            "number": [number],
            "error": [error],
            "pixels": pa.array([batch.pixels.numpy().tobytes()], pa.large_binary()),
            "shape": pa.array([list(batch.pixels.shape)], pa.list_(pa.int64())),
            "positions": pa.array([batch.positions.tolist()], pa.list_(pa.int64())),
            "sizes": pa.array([batch.sizes.flatten().tolist()], pa.list_(pa.int64())),
            "measured": pa.array([batch.measured.tolist()], pa.list_(pa.list_(pa.float64()))),
            "num_images": [batch.num_images],
        }
    )


class Computing:
    """An actor with a network: computes the batches that tasks have read."""

    def __init__(self, reference: Reference, device: str, threads: int) -> None:
        self._network = _LazyNetwork(reference, device, threads)

    def __call__(self, rows: pa.Table) -> pa.Table:
        """What the network gives for one row of `read`: a table as bytes, or an error."""
        (row,) = rows.drop_columns(["pixels"]).to_pylist()
        if row["error"]:
            return _answer(row["number"], b"", row["error"])
        return self._network.answer(row["number"], partial(_batch, row, rows["pixels"][0].as_buffer()))


class ReadingToo:
    """An actor with a network: reads the batches itself, the next one while it computes.

    On CPUs nothing is gained by reading elsewhere, and the pixels would travel.
    """

    def __init__(self, reference: Reference, device: str, threads: int) -> None:
        self._reference, self._threads = reference, threads
        self._network = _LazyNetwork(reference, device, threads)

    def __call__(self, numbers: pa.Table) -> pa.Table:
        """What the network gives for batches by their numbers, up to the first error."""
        wanted = numbers["id"].to_pylist()
        try:
            work, every = self._reference.read()
        except CoreError as error:
            return _answer(wanted[0], b"", _said(error))
        batches = iter(reading.by_threads(work.reader, [every[number] for number in wanted], self._threads))
        answers: list[pa.Table] = []
        for number in wanted:
            answers.append(self._network.answer(number, partial(next, batches)))
            if answers[-1]["error"][0].as_py():
                break
        return pa.concat_tables(answers)


class _LazyNetwork:
    """A network on a device, loaded at its first batch."""

    def __init__(self, reference: Reference, device: str, threads: int) -> None:
        self._reference, self._device, self._threads = reference, device, threads
        self._compute: Compute | None = None

    def answer(self, number: int, batch: Callable[[], InputBatch]) -> pa.Table:
        """One row: the batch's table as bytes, or an error of reading, loading or computing."""
        try:
            # Not loaded by an actor's constructor, whose errors Ray reports as the death of an actor.
            self._compute = self._compute or self._opened()
            return _answer(number, _bytes(self._compute(batch())), "")
        except CoreError as error:
            return _answer(number, b"", _said(error))

    def _opened(self) -> Compute:
        keep_freed_memory()
        work, _ = self._reference.read()
        torch.set_num_threads(self._threads)
        return work.opened(self._device)


def _answer(number: int, content: bytes, error: str) -> pa.Table:
    return pa.table({"number": [number], "error": [error], "content": pa.array([content], pa.large_binary())})


def _batch(row: dict[str, Any], pixels: pa.Buffer) -> InputBatch:
    values = torch.from_numpy(np.frombuffer(pixels, np.uint8).copy()).reshape(row["shape"])
    positions = torch.tensor(row["positions"], dtype=torch.int64)
    sizes = torch.tensor(row["sizes"], dtype=torch.int64).reshape(-1, 2)
    return InputBatch(values, positions, sizes, numbers(row["measured"]), row["num_images"])


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def table_of(row: dict[str, Any]) -> pa.Table:
    """The table of a row that an actor gave; raises the error that is in it."""
    if row["error"]:
        kind, _, message = row["error"].partition(": ")
        raise getattr(errors, kind)(message)
    return pa.ipc.open_stream(row["content"]).read_all()


def _said(error: CoreError) -> str:
    """An error as text: Ray would send its traceback only."""
    return f"{type(error).__name__}: {error}"
