"""The engine of several devices or machines, on Ray Data.

Actors that hold the network compute the batches. On CPUs they also read and decode the images; beside GPUs,
tasks do that. This process receives the rows as they come and writes the parts: the others need to read
images and checkpoint, but to write nothing. Ray starts tasks and actors again when their process or machine
has died.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from core.errors import EvaluationError
from core.passes import ray_session
from core.passes.actors import Computing, ReadingToo, Reference, read, table_of
from core.passes.parts import Chunk, Chunks
from core.passes.ray_session import Machines
from core.passes.running import Running
from core.passes.work import Work

_PER_TASK = 8  # Batches, at most.
# What a reading task asks for. With equal demands, Ray would join reading and computing into one step.
_MEMORY = 2**27
_ONE = {"batch_size": 1, "batch_format": "pyarrow"}
_WHOLE = {"batch_size": None, "batch_format": "pyarrow"}
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
                f"the cluster has {machines.num_slots} CPUs: {num} networks leave none for Ray's own tasks"
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
    numbers = ray.data.from_blocks([pa.table({"id": [*task]}) for task in _tasks(len(every), actors.num)])
    for block in _answers(numbers, Reference(shared), actors).iter_batches(
        batch_size=None, batch_format="pyarrow"
    ):
        for row in block.to_pylist():
            yield every[row["number"]], table_of(row)


def _answers(numbers: Any, reference: Reference, actors: _Actors) -> Any:  # noqa: ANN401 (Ray's data sets)
    """A row for every batch number, from actors that read too, or from tasks that read and actors."""
    pool = {
        "fn_constructor_args": [reference, actors.device, actors.threads],
        "compute": ray_session.ray_data().data.ActorPoolStrategy(size=actors.num),
        "num_cpus": actors.num_cpus,
    }
    if not actors.num_gpus:
        return numbers.map_batches(ReadingToo, **_WHOLE, **pool)
    pixels = numbers.map_batches(read, fn_args=[reference], memory=_MEMORY, **_ONE)
    return pixels.map_batches(Computing, num_gpus=actors.num_gpus, **_ONE, **pool)


def _tasks(num_batches: int, num_actors: int) -> Iterator[range]:
    """The numbers of the batches in each task; the last tasks are small, so that all actors end together."""
    first = 0
    while first < num_batches:
        size = min(_PER_TASK, max(1, (num_batches - first) // (2 * num_actors)))
        yield range(first, first + size)
        first += size
