"""The device of a network: the GPU if there is one, else the CPU."""

import ctypes
import sys

import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # From malloc.h.
# Torch's messages for a text that names no device. For a device that is missing it has others.
_NO_DEVICE = ("Expected one of", "Invalid device string", "must not be empty")


def best_device() -> str:
    """The fastest device of this machine: ``cuda``, ``mps`` or ``cpu``."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def usable_device(wanted: str | None) -> tuple[str, str | None]:
    """The device to use when ``wanted`` is asked for (None: the fastest); a note if it differs.

    Raises:
        ValueError: ``wanted`` is not the name of a device.
    """
    if wanted is None:
        return best_device(), None
    try:
        device = torch.device(wanted)
        if device.type == "meta" or (device.type == "cpu" and device.index):
            raise ValueError(_unknown(wanted))  # Torch accepts both.
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        if any(sign in str(error) for sign in _NO_DEVICE):
            raise ValueError(_unknown(wanted)) from error
        return "cpu", f"this machine has no {wanted} device: using the CPU"
    return wanted, None


def _unknown(wanted: str) -> str:
    return f"there is no device {wanted!r}; try cpu or cuda"


def keep_freed_memory() -> None:
    """Let this process keep the memory of freed tensors instead of returning it to the system.

    With glibc, each tensor of some megabytes is a separate mapping, whose pages the system clears every time:
    on a CPU, passes of 32 photos took up to three times as long. For processes that compute and then end.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 2**30)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def use_full_float32() -> None:
    """Let convolutions on a GPU compute in full float32, in this process.

    PyTorch's default, TF32, rounds their factors to three digits: maps would differ visibly from the CPU's.
    """
    torch.backends.cudnn.allow_tf32 = False


def device_label(device: str) -> str:
    """The display name of a device: ``CPU``, or the model of the GPU."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device.upper()
