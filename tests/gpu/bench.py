"""Where the checks run: the device, the sizes that suit it, its clock and its memory."""

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

Size = TypeVar("Size")


@dataclass(frozen=True, slots=True)
class Bench:
    """A device, an empty folder for files, and whether everything is small (seconds on a CPU)."""

    device: str
    folder: Path
    is_small: bool

    @property
    def is_gpu(self) -> bool:
        """Whether the device is a CUDA GPU, whose memory can be measured and capped."""
        return self.device.startswith("cuda")

    @property
    def index(self) -> int:
        """The GPU's number."""
        return torch.device(self.device).index or 0

    def size(self, small: Size, whole: Size) -> Size:
        """``small`` for a quick run, else ``whole``."""
        return small if self.is_small else whole

    def seconds(self, work: Callable[[], object]) -> float:
        """How long ``work`` takes, until the device has finished."""
        self.wait()
        started = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - started

    def wait(self) -> None:
        """Return when the device has finished all that was asked so far."""
        if self.is_gpu:
            torch.cuda.synchronize(self.device)

    def forget_peak(self) -> None:
        """Return unused memory to the device, and begin a new peak."""
        if self.is_gpu:
            gc.collect()  # An error that was caught may still hold tensors.
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak(self) -> int:
        """Bytes that tensors took at most since `forget_peak`; on a CPU the process's own since its start."""
        if self.is_gpu:
            return torch.cuda.max_memory_allocated(self.device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def total(self) -> int:
        """Bytes of memory that the GPU has."""
        return torch.cuda.get_device_properties(self.device).total_memory
