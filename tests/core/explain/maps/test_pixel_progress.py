"""Methods that run the network themselves report their progress, stop, and leave the model as it was."""

import copy
import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.pixels import PIXEL_METHODS, PixelQuestion
from core.explain.maps.regions import REGION_METHODS, masking
from core.explain.network.hooks import model_lock
from core.explain.network.tracing import towards
from tests.support.networks.linear_networks import LinearNet, random_network
from tests.support.networks.tiny_models import GapCnn, InPlaceCnn, assert_unchanged, noise, seeded, snapshot
from tests.support.results.questions import take_few_samples

ATTENTION = {"attention_rollout", "le_grad"}  # See test_attention.py.
METHODS = {name: method for name, method in (REGION_METHODS | PIXEL_METHODS).items() if name not in ATTENTION}


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


@pytest.mark.parametrize(
    "method", ["rise", "lime", "integrated_gradients", "occlusion", "smooth_grad", "gradient_shap"]
)
@pytest.mark.parametrize("images", [1, 3, 16])
def test_progress_rises_from_nothing_to_nearly_all(method: str, images: int) -> None:
    """It is the share done before each pass: the last of four begins at 0.75."""
    model, batch = seeded(LinearNet), noise(images, 3, 44, 30)
    shares: list[float] = []
    PIXEL_METHODS[method](PixelQuestion(model, batch, towards(model(batch), 0), on_progress=shares.append))
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1 - 1 / len(shares))
    assert 0.75 <= shares[-1] < 1


class Stopped(Exception):  # noqa: N818 (nothing went wrong)
    """The user left."""


@pytest.mark.parametrize("method", ["score_cam", "ablation_cam"])
def test_progress_over_channels_rises_over_all_images(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two images of six channels, four in a pass: each image takes two passes."""
    monkeypatch.setattr(masking, "_MASKS_AT_ONCE", 4)
    monkeypatch.setattr(masking, "_MOST_VALUES", 4 * 6 * 6 * 8)
    model, batch, shares = seeded(InPlaceCnn), noise(2, 3, 6, 8), list[float]()
    METHODS[method](
        PixelQuestion(model, batch, towards(model(batch), 0), "features.1", on_progress=shares.append)
    )
    assert shares == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    "method", ["rise", "lime", "kernel_shap", "integrated_gradients", "occlusion", "smooth_grad"]
)
def test_an_exception_from_on_progress_stops_the_work_and_leaves_the_model_as_it_was(method: str) -> None:
    model, batch = seeded(LinearNet).train(), noise(1, 3, 44, 30)
    before, untouched = snapshot(model), batch.clone()

    def stop(share: float) -> None:
        if share > 0:
            raise Stopped(f"{share:.2f}")

    with pytest.raises(Stopped, match=r"0\.2|0\.0"):
        PIXEL_METHODS[method](PixelQuestion(model, batch, towards(model(batch), 0), on_progress=stop))
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
    assert _is_free(model)


def _is_free(model: nn.Module) -> bool:
    """Whether another thread can take the model's lock."""
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(model_lock(model).acquire(blocking=False)))
    thread.start()
    thread.join()
    return taken == [True]


@pytest.fixture
def in_use() -> Iterator[tuple[nn.Module, Tensor]]:
    """A trainable network in training whose state must be the same after the test."""
    model, batch = (
        random_network("resnet18").train().requires_grad_(requires_grad=True),
        noise(1, 3, 28, 28).float(),
    )
    before, untouched = snapshot(model), batch.clone()
    yield model, batch
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
    assert not batch.requires_grad


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_method_leaves_a_model_in_use_as_it_was(method: str, in_use: tuple[nn.Module, Tensor]) -> None:
    model, batch = in_use
    direction = towards(torch.zeros(1, 10), 3)
    attribution = METHODS[method](PixelQuestion(model, batch, direction, "layer2"))
    assert attribution.shape == ((1, 4, 4) if method in REGION_METHODS else (1, 28, 28))
    assert attribution.abs().max() > 0
    frozen = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
    again = METHODS[method](PixelQuestion(frozen, batch, direction, "layer2"))
    torch.testing.assert_close(attribution, again)


@pytest.mark.parametrize("method", ["saliency", "occlusion"])
def test_the_callers_batch_survives_a_network_that_begins_in_place(
    method: str, linear: tuple[LinearNet, Tensor]
) -> None:
    model, batch = linear
    untouched, direction = batch.clone(), towards(torch.zeros(2, 4), 1).double()
    in_place = nn.Sequential(nn.Hardtanh(-0.5, 0.5, inplace=True), *model)
    clamped = nn.Sequential(nn.Hardtanh(-0.5, 0.5), *model)
    ours, expected = (
        PIXEL_METHODS[method](PixelQuestion(net, batch, direction)) for net in (in_place, clamped)
    )
    assert torch.equal(batch, untouched)
    torch.testing.assert_close(ours, expected)


class Broken(GapCnn):
    """Fails after its layers have run."""

    def forward(self, batch: Tensor) -> Tensor:
        """No logits."""
        self.backbone(batch)
        raise RuntimeError("broken in the middle")


@pytest.mark.parametrize("method", METHODS)
def test_a_method_leaves_a_model_that_fails_as_it_was(method: str) -> None:
    model, batch = seeded(Broken).train(), noise(1, 3, 6, 8)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    before, untouched = snapshot(model), batch.clone()
    with pytest.raises(RuntimeError, match="broken in the middle"):
        METHODS[method](PixelQuestion(model, batch, torch.ones(1, 3).double(), "backbone"))
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
    assert _is_free(model)
