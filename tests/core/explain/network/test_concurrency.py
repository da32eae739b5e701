"""Sessions share one network: answers do not mix, and nothing piles up."""

import gc
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.cam import CAM_METHODS, class_activation_map, grad_cam
from core.explain.maps.pixels import PixelQuestion, guided_grad_cam, saliency
from core.explain.network.hooks import model_lock
from core.explain.network.tracing import towards
from tests.support.networks.tiny_models import GapCnn, noise, seeded

ROUNDS = 200
_STATM = Path("/proc/self/statm")


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns every few microseconds, so that a missing lock shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def _answers(model: nn.Module, batch: Tensor, class_idx: int) -> list[Tensor]:
    layers = dict.fromkeys(CAM_METHODS, "backbone.1") | {"cam": "backbone"}
    maps = [
        class_activation_map(model, batch, target_layer=layers[name], class_idx=class_idx, method=method)
        for name, method in CAM_METHODS.items()
    ]
    question = PixelQuestion(model, batch, towards(torch.zeros(1, 3).double(), class_idx), "backbone")
    return [*maps, saliency(question)]


@pytest.mark.usefixtures("impatient_threads")
@pytest.mark.slow
def test_two_sessions_on_one_model_get_each_its_own_maps() -> None:
    """Without the model's lock, hooks of one session record the photo of the other."""
    model = seeded(GapCnn)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    photos = [noise(1, 3, 6, 8, seed=1), noise(1, 3, 6, 8, seed=2)]
    expected = [_answers(model, photo, class_idx) for class_idx, photo in enumerate(photos)]
    start = threading.Barrier(2)

    def wrong_rounds(class_idx: int) -> int:
        start.wait()
        rounds = (_answers(model, photos[class_idx], class_idx) for _ in range(ROUNDS))
        return sum(
            not all(torch.equal(*pair) for pair in zip(answers, expected[class_idx], strict=True))
            for answers in rounds
        )

    with ThreadPoolExecutor(2) as sessions:
        assert list(sessions.map(wrong_rounds, range(2))) == [0, 0]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_models_have_locks_of_their_own_that_go_with_them() -> None:
    model, other = seeded(GapCnn), seeded(GapCnn)
    assert model_lock(model) is model_lock(model)
    assert model_lock(model) is not model_lock(other)
    with model_lock(model), model_lock(model):  # The same thread may take it again.
        assert model_lock(other).acquire(blocking=False)
        model_lock(other).release()


@pytest.mark.skipif(not _STATM.exists(), reason="needs Linux, where /proc tells the memory in use")
@pytest.mark.slow
def test_hundreds_of_explanations_leave_no_memory_hooks_or_tensors_behind() -> None:
    """Images of 256 KB and maps at two layers: one kept per explanation would be over 60 MB."""
    model = seeded(GapCnn).float()
    batch = noise(1, 3, 128, 168).float()
    question = PixelQuestion(model, batch, towards(torch.zeros(1, 3), 1), "backbone")

    def explain(times: int) -> None:
        for _ in range(times):
            class_activation_map(model, batch, target_layer="backbone.1", class_idx=1, method=grad_cam)
        for _ in range(times // 25):
            guided_grad_cam(question)

    explain(50)
    resident, tensors = _resident(), _live_tensors()
    explain(250)
    assert _live_tensors() == tensors
    assert _resident() - resident < 20e6
    assert sum(len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules()) == 0


def _resident() -> int:
    gc.collect()
    return int(_STATM.read_text().split()[1]) * 4096


def _live_tensors() -> int:
    gc.collect()
    return sum(issubclass(type(each), Tensor) for each in gc.get_objects())
