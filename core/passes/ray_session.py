"""Starts Ray, or joins a cluster that runs it. Ray is quiet, and all that it has started ends with it."""

import logging
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from types import ModuleType

from core import processes
from core.errors import EvaluationError

LOCAL, AUTO = "local", "auto"
_OBJECTS = 2**30  # Bytes of decoded images that may wait in shared memory.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
# Ray's actors compute in a thread. With memory of its own, glibc would give that of each large tensor back to
# the system, which then clears its pages every time.
_KEPT = {"MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True, slots=True)
class Machines:
    """What a pass may use: cores and GPUs, and ``num_slots``, in each of which one process runs."""

    num_cores: int
    num_gpus: int
    num_slots: int

    @property
    def usual_actors(self) -> int:
        """The usual number of networks on CPUs."""
        return usual_actors(self.num_cores)

    @property
    def are_shared(self) -> bool:
        """Whether others use these machines too: networks then ask for all the cores that they use."""
        return self.num_slots == self.num_cores

    def threads_of(self, num_actors: int) -> int:
        """The threads of each of so many networks, which share the cores; a cluster's but one, Ray's own."""
        return max(1, (self.num_cores - self.are_shared) // num_actors)


def usual_actors(num_cores: int) -> int:
    """The usual number of networks on CPUs: two, or one for every four cores."""
    return min(num_cores, max(2, num_cores // 4))


def ray_data() -> ModuleType:
    """The library; EvaluationError if it is not installed."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray.data  # noqa: PLC0415 (optional, and takes seconds)
    except ImportError as error:
        raise EvaluationError(
            'several devices or machines need Ray, which is not installed: pip install "ray[data]"'
        ) from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    module: ModuleType = ray
    return module


@contextmanager
def local(num_actors: int) -> Iterator[Machines]:
    """Ray on this machine: ``num_actors`` networks (0: the usual number), and a reader less than cores."""
    if "ray" not in sys.modules:  # Which reads these once.
        # Ray listens to the network: without a token, others could run code here.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ |= _KEPT  # Which all of Ray's processes inherit.
    ray, cores = ray_data(), os.cpu_count() or 1
    slots = max(1, cores - 1) + (num_actors or usual_actors(cores))
    # The paths of its sockets may have 107 characters, most of them Ray's own.
    short = "/tmp" if os.name == "posix" else None  # noqa: S108 (a new folder in it, of this user only)
    with tempfile.TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as folder:
        with _silent(), _ended_by_signals():
            ray.init(
                address=LOCAL,
                num_cpus=slots,
                object_store_memory=_OBJECTS,
                include_dashboard=False,
                _node_ip_address="127.0.0.1",
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                _temp_dir=folder,
            )
        with _ended(ray):
            yield Machines(cores, int(ray.cluster_resources().get("GPU", 0)), slots)


@contextmanager
def joined(address: str) -> Iterator[Machines]:
    """A cluster that runs already; this program's code is sent to it.

    Raises:
        EvaluationError: no cluster answers at the address, or it wants a token that is not known here.
    """
    ray = ray_data()
    try:
        with _silent(), _ended_by_signals():
            ray.init(
                address=address,
                runtime_env={"py_modules": [str(processes.PROJECT / "core")], "env_vars": _KEPT},
                log_to_driver=False,
                logging_level=logging.CRITICAL,
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise EvaluationError(
            f"no Ray cluster at {address!r} lets this program in; start one with 'ray start --head', and set "
            "RAY_AUTH_MODE=token here if it has a token"
        ) from error
    with _ended(ray):
        resources = ray.cluster_resources()
        cores = int(resources.get("CPU", 0))
        yield Machines(cores, int(resources.get("GPU", 0)), cores)


@contextmanager
def _ended(ray: ModuleType) -> Iterator[None]:
    """End Ray after the block. What it prints, such as that memory runs out, goes to stderr until then."""
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        ray.shutdown()


@contextmanager
def _silent() -> Iterator[None]:
    """Without stderr while the block runs: Ray's own part in C++ announces its settings there."""
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end this process in order after the block: Ray's own handler aborts it."""
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
