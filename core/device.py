"""Where a network runs: the GPU if there is one, else the CPU, and a sentence when it is not as asked."""

import torch

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
        torch.empty(0, device=torch.device(wanted))
    except (AssertionError, RuntimeError) as error:
        if any(sign in str(error) for sign in _NO_DEVICE):
            raise ValueError(f"no device is called {wanted!r}; try cpu or cuda") from error
        return "cpu", f"there is no {wanted} device here: using the CPU"
    return wanted, None


def device_label(device: str) -> str:
    """What people call it: ``CPU``, or the name of the graphics card."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device.upper()
