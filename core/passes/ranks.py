"""Several processes for one piece of work: started here, by torchrun, or by SLURM."""

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
    """This process among all, and among those of its machine: ``local_rank`` of ``local_world``."""

    share: Share = field(default_factory=Share)
    local_rank: int = 0
    local_world: int = 1


def place(environment: Mapping[str, str] = os.environ) -> Place:
    """As torchrun (``RANK`` of ``WORLD_SIZE``) or SLURM (``SLURM_PROCID`` of ``SLURM_NTASKS``) says."""
    for rank, world, local_rank, local_world in (
        ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
        ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"),
    ):
        if rank in environment and world in environment:
            share = Share(int(environment[rank]), int(environment[world]))
            return Place(share, int(environment.get(local_rank, 0)), int(environment.get(local_world, 1)))
    return Place()


def device_of(device: str, own: Place) -> str:
    """The graphics card of this process, where ``device`` names them all."""
    if device != "cuda" or own.local_world == 1:
        return device
    return f"cuda:{own.local_rank % torch.cuda.device_count()}"


def divide_threads(own: Place) -> None:
    """Give every process of this machine its part of the processor's cores."""
    if own.local_world > 1:
        torch.set_num_threads(max(1, torch.get_num_threads() // own.local_world))


@contextmanager
def others(arguments: Sequence[str], num: int) -> Iterator[tuple[Place, Callable[[], None]]]:
    """``python -m core`` with these arguments in ``num`` - 1 processes beside this one, the first.

    Gives the place of this one, and what waits until all others have ended. They are stopped afterwards, and
    end with this one, however it ends.
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
    """Let this process, if `others` has started it, end soon after the one that did."""
    if _PARENT in os.environ:
        threading.Thread(target=_watch, args=(int(os.environ[_PARENT]),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
