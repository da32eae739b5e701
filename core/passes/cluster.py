"""The engine of several devices or machines, on Ray Data.

Tasks read and decode images, actors that hold the network compute the batches, and this process receives the
rows as they come and writes the parts: the others need to read images and checkpoint, but to write nothing.
Ray starts tasks and actors again when their process or their machine has died.
"""

import functools
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from core import errors
from core.device import keep_freed_memory
from core.errors import CoreError, EvaluationError
from core.passes import ray_session
from core.passes.parts import Chunk, Chunks
from core.passes.ray_session import Machines
from core.passes.running import Running
from core.passes.work import Compute, InputBatch, Work, together

_PER_TASK, _PER_ACTOR = 8, 8  # Batches that one task reads in a large data set; tasks in a small one.
# What a task asks for. With equal demands, Ray would join reading and computing into one step.
_MEMORY = 2**27
_POLL_S = 0.5
_ONE = {"batch_size": 1, "batch_format": "pyarrow"}
_BLOCK = 16 * 2**20  # Bytes that a task gives on at a time.


@dataclass(frozen=True, slots=True)
class Cluster:
    """Computes with ``num_actors`` copies of the network (0: as many as suit the machines).

    ``device`` is ``cuda`` for a GPU for each, ``cpu``, or empty for GPUs where the cluster has some.
    ``address`` is a Ray cluster's, ``auto`` for the one that this machine belongs to, or ``local`` for the
    devices of this machine only.
    """

    address: str = ray_session.LOCAL
    num_actors: int = 0
    device: str = ""

    @contextmanager
    def started(self, work: Work) -> Iterator[Running]:
        """Start or join Ray, then give the function that computes batches, in the order in which they end.

        Raises:
            EvaluationError: Ray is not installed, or the cluster does not answer or is too small.
        """
        with self._machines() as machines:
            yield partial(_results, work, self._actors(machines))

    def _machines(self) -> AbstractContextManager[Machines]:
        if self.address == ray_session.LOCAL:
            return ray_session.local(self.num_actors)
        return ray_session.joined(self.address)

    def _actors(self, machines: Machines) -> "_Actors":
        if self.device.startswith("cuda") or (machines.num_gpus and not self.device):
            return self._on_gpus(machines)
        num = self.num_actors or machines.usual_actors
        if num >= machines.num_slots:
            raise EvaluationError(
                f"the cluster has {machines.num_slots} CPUs: {num} networks leave none for reading"
            )
        threads = machines.threads_of(num)
        return _Actors(num, self.device or "cpu", threads, threads if machines.are_shared else 1, 0.0)

    def _on_gpus(self, machines: Machines) -> "_Actors":
        """One actor for each GPU; more share them."""
        if not machines.num_gpus:
            raise EvaluationError("the cluster has no GPU; choose --device cpu")
        num = self.num_actors or machines.num_gpus
        return _Actors(num, "cuda", 1, 1, min(1.0, machines.num_gpus / num))


@dataclass(frozen=True, slots=True)
class _Actors:
    """How many actors, and what each of them has: a device and threads; of Ray's resources CPUs and GPUs."""

    num: int
    device: str
    threads: int
    num_cpus: int
    num_gpus: float


def _results(work: Work, actors: _Actors, chunks: Chunks) -> Iterator[tuple[Chunk, pa.Table]]:
    """The rows of every batch."""
    if not chunks.wanted:
        return
    ray = ray_session.ray_data()
    ray.data.DataContext.get_current().target_max_block_size = _BLOCK
    every = list(chunks)
    shared = ray.put((work, every))
    rows = (
        ray.data.range(len(every), override_num_blocks=_num_tasks(len(every), actors))
        .map_batches(_read, fn_args=[_Reference(shared)], memory=_MEMORY, **_ONE)
        .map_batches(
            _Actor,
            fn_constructor_args=[_Reference(shared), actors.device, actors.threads],
            compute=ray.data.ActorPoolStrategy(size=actors.num),
            num_cpus=actors.num_cpus,
            num_gpus=actors.num_gpus,
            **_ONE,
        )
    )
    for block in rows.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in block.to_pylist():
            if row["error"]:
                raise _raised(row["error"])
            yield every[row["number"]], _table(row["content"])


def _num_tasks(num_batches: int, actors: _Actors) -> int:
    """How many tasks read the batches: enough of them to keep the actors busy to the end."""
    return min(num_batches, max(num_batches // _PER_TASK, _PER_ACTOR * actors.num))


@dataclass(frozen=True, slots=True)
class _Reference:
    """The work and its batches in Ray's memory: one copy for each machine, read once by each process."""

    shared: Any

    def read(self) -> tuple[Work, list[Chunk]]:
        """The work and its batches."""
        return _fetched(self.shared)


@functools.lru_cache(maxsize=1)
def _fetched(shared: Any) -> tuple[Work, list[Chunk]]:  # noqa: ANN401 (an ObjectRef, whose library is optional)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    fetched: tuple[Work, list[Chunk]] = ray_session.ray_data().get(shared)
    return fetched


def _end_with(parent: int) -> None:
    """End this process soon after Ray's, which started it: by itself Ray waits for the batch at hand."""
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os._exit(1)


def _read(numbers: pa.Table, reference: _Reference) -> pa.Table:
    """The batch of one number as one row."""
    work, every = reference.read()
    (number,) = numbers["id"].to_pylist()
    try:
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
            "num_images": [batch.num_images],
        }
    )


class _Actor:
    """A network on a device, in a process of its own."""

    def __init__(self, reference: _Reference, device: str, threads: int) -> None:
        self._reference, self._device, self._threads = reference, device, threads
        self._compute: Compute | None = None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """What the network gives for one batch: a table as bytes, or an error."""
        (row,) = rows.drop_columns(["pixels"]).to_pylist()
        content, error = b"", row["error"]
        if not error:
            try:
                content = self._content(_batch(row, rows["pixels"][0].as_buffer()))
            except CoreError as raised:
                error = _said(raised)
        return pa.table(
            {"number": [row["number"]], "error": [error], "content": pa.array([content], pa.large_binary())}
        )

    def _content(self, batch: InputBatch) -> bytes:
        # Not loaded by the constructor, whose errors Ray reports as the death of an actor.
        self._compute = self._compute or self._opened()
        return _bytes(self._compute(batch))

    def _opened(self) -> Compute:
        keep_freed_memory()
        work, _ = self._reference.read()
        torch.set_num_threads(self._threads)
        return work.opened(self._device)


def _batch(row: dict[str, Any], pixels: pa.Buffer) -> InputBatch:
    values = torch.from_numpy(np.frombuffer(pixels, np.uint8).copy()).reshape(row["shape"])
    positions = torch.tensor(row["positions"], dtype=torch.int64)
    sizes = torch.tensor(row["sizes"], dtype=torch.int64).reshape(-1, 2)
    return InputBatch(values, positions, sizes, row["num_images"])


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _table(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()


def _said(error: CoreError) -> str:
    """An error as text: Ray would send its traceback only."""
    return f"{type(error).__name__}: {error}"


def _raised(said: str) -> CoreError:
    kind, _, message = said.partition(": ")
    error: CoreError = getattr(errors, kind)(message)
    return error
