"""Where a network runs: the GPU if there is one, else the CPU, and a sentence when it is not as asked."""

import ctypes
import sys

import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # Of malloc.h.
# What torch says of a string that names no device, unlike one that names a device that is not here.
_NO_DEVICE = ("Expected one of", "Invalid device string", "must not be empty")


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``: the fastest that is there."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def usable_device(wanted: str | None) -> tuple[str, str | None]:
    """The device to use for what was asked (None: the best), and a note if it is another one.

    Raises:
        ValueError: ``wanted`` is no name of a device at all.
    """
    if wanted is None:
        return best_device(), None
    try:
        device = torch.device(wanted)
        if device.type == "meta" or (device.type == "cpu" and device.index):
            raise ValueError(_unknown(wanted))  # Torch takes them: one computes nothing, one is the CPU.
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        if any(sign in str(error) for sign in _NO_DEVICE):
            raise ValueError(_unknown(wanted)) from error
        return "cpu", f"there is no {wanted} device here: using the CPU"
    return wanted, None


def _unknown(wanted: str) -> str:
    return f"no device is called {wanted!r}; try cpu or cuda"


def keep_freed_memory() -> None:
    """Let this process keep the memory that large tensors give back, instead of returning it each time.

    With glibc, every tensor above some megabytes is a mapping of its own, whose pages the system clears anew:
    on a CPU, passes of 32 photos took up to three times as long. For processes that compute and end.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 2**30)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def device_label(device: str) -> str:
    """What people call it: ``CPU``, or the name of the graphics card."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device.upper()
