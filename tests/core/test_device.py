"""The device is the one that is wanted if it is here, or else the CPU with a note."""

import pytest
import torch

from core import device


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("wanted", ["cuda", "cuda:1", "mps", "xpu"])
def test_a_device_that_is_not_here_becomes_the_cpu_with_a_note(wanted: str) -> None:
    assert device.usable_device(wanted) == ("cpu", f"this machine has no {wanted} device: using the CPU")


def test_the_cpu_is_always_there_and_unasked_the_best_device_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert device.usable_device("cpu") == ("cpu", None)
    assert device.usable_device(None) == (device.best_device(), None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.usable_device(None) == ("cuda", None)


@pytest.mark.parametrize("wanted", ["gpu", "", "cuda:x", "cpu cuda", "CUDA", "7"])
def test_a_name_of_no_device_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match=f"there is no device '{wanted}'; try cpu or cuda"):
        device.usable_device(wanted)
