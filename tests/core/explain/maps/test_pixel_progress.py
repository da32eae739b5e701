"""Pixel methods report their progress, stop when asked, and leave the model as it was."""

import copy
import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.pixels import PIXEL_METHODS, PixelQuestion
from core.explain.network.hooks import model_lock
from core.explain.network.tracing import towards
from tests.support.linear_networks import LinearNet, random_network
from tests.support.tiny_models import assert_unchanged, noise, seeded, snapshot


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
@pytest.mark.parametrize("images", [1, 3, 16])
def test_progress_rises_from_nothing_to_nearly_all(method: str, images: int) -> None:
    """It is the share done before each pass: the last of five begins at 0.8."""
    model, batch = seeded(LinearNet), noise(images, 3, 44, 30)
    shares: list[float] = []
    PIXEL_METHODS[method](PixelQuestion(model, batch, towards(model(batch), 0), on_progress=shares.append))
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1 - 1 / len(shares))
    assert 0.8 <= shares[-1] < 1


class Stopped(Exception):  # noqa: N818 (nothing went wrong)
    """The user left."""


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
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


@pytest.mark.parametrize("method", PIXEL_METHODS)
def test_a_pixel_method_leaves_a_model_in_use_as_it_was(
    method: str, in_use: tuple[nn.Module, Tensor]
) -> None:
    model, batch = in_use
    direction = towards(torch.zeros(1, 10), 3)
    attribution = PIXEL_METHODS[method](PixelQuestion(model, batch, direction, "layer2"))
    assert attribution.shape == (1, 28, 28)
    assert attribution.abs().max() > 0
    frozen = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
    again = PIXEL_METHODS[method](PixelQuestion(frozen, batch, direction, "layer2"))
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
