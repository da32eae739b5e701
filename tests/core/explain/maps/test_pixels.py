"""Pixel methods are captum's, and equal their closed forms on a linear network."""

import copy

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps import pixels
from core.explain.maps.pixels import PIXEL_METHODS, PixelQuestion
from core.explain.network.tracing import towards
from tests.support.networks.linear_networks import LinearNet, random_network
from tests.support.networks.tiny_models import GapCnn, noise, seeded

attr = pytest.importorskip("captum.attr")


@pytest.fixture(scope="module")
def resnet() -> tuple[nn.Module, Tensor, Tensor]:
    """A network without operations in place, two images (2, 3, 28, 35), and the direction of class 3."""
    model, batch = random_network("resnet18"), noise(2, 3, 28, 35, seed=5).float()
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return model, batch, towards(torch.zeros(2, 10), 3)


def test_saliency_is_captums(resnet: tuple[nn.Module, Tensor, Tensor]) -> None:
    model, batch, direction = resnet
    theirs = attr.Saliency(model).attribute(batch.clone().requires_grad_(), target=3).amax(1)
    torch.testing.assert_close(
        pixels.saliency(PixelQuestion(model, batch, direction)), theirs, rtol=1e-5, atol=1e-7
    )


@pytest.mark.slow
def test_integrated_gradients_are_captums(resnet: tuple[nn.Module, Tensor, Tensor]) -> None:
    model, batch, direction = resnet
    theirs = attr.IntegratedGradients(model).attribute(batch, target=3, method="riemann_middle", n_steps=50)
    ours = pixels.integrated_gradients(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(ours, theirs.sum(1).detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_occlusion_is_captums(resnet: tuple[nn.Module, Tensor, Tensor]) -> None:
    model, batch, direction = resnet
    theirs = attr.Occlusion(model).attribute(
        batch, target=3, sliding_window_shapes=(3, 4, 5), strides=(3, 2, 2), perturbations_per_eval=8
    )
    ours = pixels.occlusion(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(ours, theirs[:, 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", ["layer3", "layer2"])
@pytest.mark.slow
def test_guided_grad_cam_is_captums(resnet: tuple[nn.Module, Tensor, Tensor], layer: str) -> None:
    """Ours also on the network as torchvision builds it, with its ReLUs in place."""
    model, batch, direction = resnet
    twin = copy.deepcopy(model)
    theirs = attr.GuidedGradCam(twin, twin.get_submodule(layer)).attribute(
        batch.clone().requires_grad_(), target=3, interpolate_mode="bilinear"
    )
    assert theirs.abs().max() > 0
    for module in twin.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    for network in (model, twin):
        ours = pixels.guided_grad_cam(PixelQuestion(network, batch, direction, layer))
        torch.testing.assert_close(ours, theirs.sum(1).detach(), rtol=1e-5, atol=1e-7)


def test_guided_grad_cam_guides_relu6_as_it_does_relu() -> None:
    """captum replaces the gradients of ReLU alone; below 6 the two are one function."""
    model, batch = seeded(GapCnn), noise(2, 3, 6, 8)
    twin = copy.deepcopy(model)
    twin.backbone[1], twin.backbone[3] = nn.ReLU6(inplace=True), nn.ReLU6()
    direction = towards(model(batch), 1)
    ours, theirs = (
        pixels.guided_grad_cam(PixelQuestion(net, batch, direction, "backbone")) for net in (twin, model)
    )
    assert theirs.abs().max() > 0
    torch.testing.assert_close(ours, theirs)
    assert isinstance(twin.backbone[1], nn.ReLU6)


def _row(model: LinearNet, direction: Tensor) -> Tensor:
    """Weights (N, 3, 44, 30) of the score that the direction picks."""
    return (direction @ model[1].weight.detach()).view(-1, 3, 44, 30)


@pytest.mark.parametrize("against", [None, 2])
def test_saliency_of_a_linear_model_is_the_size_of_its_weight_row(
    linear: tuple[LinearNet, Tensor], against: int | None
) -> None:
    model, batch = linear
    direction = towards(model(batch), [0, 1], against)
    expected = _row(model, direction).abs().amax(1)
    torch.testing.assert_close(pixels.saliency(PixelQuestion(model, batch, direction)), expected)


def test_integrated_gradients_of_a_linear_model_sum_to_the_score_gained(
    linear: tuple[LinearNet, Tensor],
) -> None:
    model, batch = linear
    direction = towards(model(batch), [0, 1], 2)
    attribution = pixels.integrated_gradients(PixelQuestion(model, batch, direction))
    gained = ((model(batch) - model(torch.zeros_like(batch))) * direction).sum(1).detach()
    torch.testing.assert_close(attribution.sum((1, 2)), gained, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(attribution, (_row(model, direction) * batch).sum(1))


def test_occlusion_of_a_linear_model_is_the_mean_of_what_the_windows_over_a_pixel_hide(
    linear: tuple[LinearNet, Tensor],
) -> None:
    """Windows of 6 x 4 move by 3 and 2; the last may overlap the edge."""
    model, batch = linear
    direction = towards(model(batch), 1)
    score = (_row(model, direction) * batch).sum(1)
    fallen, times = torch.zeros_like(score), torch.zeros_like(score)
    for top in range(0, 14 * 3, 3):
        for left in range(0, 14 * 2, 2):
            window = (slice(None), slice(top, top + 6), slice(left, left + 4))
            fallen[window] += score[window].sum((1, 2))[:, None, None]
            times[window] += 1
    assert times.min() == 1
    attribution = pixels.occlusion(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(attribution.double(), fallen / times, rtol=1e-5, atol=1e-6)


def test_a_second_method_of_the_same_name_is_refused() -> None:
    before = dict(PIXEL_METHODS)
    with pytest.raises(ValueError, match="a pixel method named 'saliency' is registered already"):
        pixels.register_pixel_method(pixels.saliency)
    assert before == PIXEL_METHODS
