"""Several processes that share one job: started here, by torchrun, or by SLURM."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from core import processes
from core.data.batches import Share

_PARENT = "SEEWHY_PARENT"
_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """The rank of this process among all, and on its machine: ``local_rank`` of ``local_world``."""

    share: Share = field(default_factory=Share)
    local_rank: int = 0
    local_world: int = 1


def place(environment: Mapping[str, str] = os.environ) -> Place:
    """From torchrun (``RANK`` of ``WORLD_SIZE``) or SLURM (``SLURM_PROCID`` of ``SLURM_NTASKS``)."""
    for rank, world, local_rank, local_world in (
        ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
        ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"),
    ):
        if rank in environment and world in environment:
            share = Share(int(environment[rank]), int(environment[world]))
            return Place(share, int(environment.get(local_rank, 0)), int(environment.get(local_world, 1)))
    return Place()


def device_of(device: str, own: Place) -> str:
    """The device of this process: its own GPU where ``device`` means all of them."""
    if device != "cuda" or own.local_world == 1:
        return device
    return f"cuda:{own.local_rank % torch.cuda.device_count()}"


def divide_threads(own: Place) -> None:
    """Give each process of this machine its share of the CPU cores."""
    if own.local_world > 1:
        torch.set_num_threads(max(1, torch.get_num_threads() // own.local_world))


@contextmanager
def others(arguments: Sequence[str], num: int) -> Iterator[tuple[Place, Callable[[], None]]]:
    """Run ``python -m core`` with these arguments in ``num`` - 1 more processes; this one is rank 0.

    Gives the rank of this one, and a function that waits for the others to end. They are stopped afterwards,
    and end with this one, however it ends.
    """
    started: list[subprocess.Popen[bytes]] = []

    def wait() -> None:
        for process in started:
            process.wait()

    try:
        started.extend(_started(arguments, rank, num) for rank in range(1, num))
        yield Place(Share(0, num), 0, num), wait
    finally:
        for process in started:
            process.terminate()
            process.wait()


def _started(arguments: Sequence[str], rank: int, num: int) -> subprocess.Popen[bytes]:
    numbers = {"RANK": rank, "WORLD_SIZE": num, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": num}
    known = {name: str(value) for name, value in (numbers | {_PARENT: os.getpid()}).items()}
    paths = [str(processes.PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(  # noqa: S603 (our own program, with the arguments that this one was given)
        processes.command(*arguments),
        env=os.environ | known | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def end_with_parent() -> None:
    """Let this process end soon after the one that started it, if `others` did."""
    if _PARENT in os.environ:
        threading.Thread(target=_watch, args=(int(os.environ[_PARENT]),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
