"""Agreement with pytorch-grad-cam, torchcam and captum on real networks, under their own normalisations."""

import copy
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from core.checkpoints.store import Checkpoint
from core.explain.maps import pixels
from core.explain.maps.cam import CAM_METHODS, class_activation_maps
from core.explain.maps.pixels import PIXEL_METHODS, PixelQuestion
from core.explain.network.hooks import model_lock
from core.explain.network.tracing import towards, trace
from core.images.sample_photos import sample
from tests.support.tiny_models import GapCnn, assert_unchanged, noise, seeded, snapshot

attr = pytest.importorskip("captum.attr")
LAYERS = {  # In the order in which they run: pytorch-grad-cam takes them so, whatever the order it is given.
    "lite0": ["blocks.2", "blocks.4", "bn2"],
    "resnet18": ["layer2", "layer4"],
    "densenet121": [
        "features.denseblock2",
        "features.norm5",
        "features",
    ],  # A ReLU in place follows the last two.
}
networks = pytest.mark.parametrize("network", LAYERS)
PYTORCH_GRAD_CAM = {
    "grad_cam": "GradCAM",
    "grad_cam_pp": "GradCAMPlusPlus",
    "hires_cam": "HiResCAM",
    "xgrad_cam": "XGradCAM",
    "layer_cam": "LayerCAM",
}
TORCHCAM = {"grad_cam": "GradCAM", "xgrad_cam": "XGradCAM", "layer_cam": "LayerCAM"}
POOLED = {"lite0": ("bn2", "classifier"), "resnet18": ("layer4", "fc")}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A network, two images, and their predicted classes; ``maps`` are ours, by layer and method."""

    model: nn.Module
    batch: Tensor
    classes: list[int]
    maps: dict[str, dict[str, Tensor]]

    def asked(self) -> Tensor:
        """The images as peers want them: with a gradient, for the network is frozen."""
        return self.batch.clone().requires_grad_()


def _case(model: nn.Module, batch: Tensor, target_layers: list[str]) -> Case:
    traced = trace(model, batch, target_layers)
    classes = traced.logits.argmax(1).tolist()
    direction = towards(traced.logits, classes)
    by_method = {
        name: class_activation_maps(traced, direction, method=CAM_METHODS[name]) for name in PYTORCH_GRAD_CAM
    }
    return Case(model, batch, classes, {at: {m: by_method[m][at] for m in by_method} for at in target_layers})


def _random(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return models.get_model(name, num_classes=10).eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def cases(imagenet: Checkpoint) -> dict[str, Case]:
    """Ours is computed here, on the networks as they are: with their operations in place."""
    photos = [
        Image.open(io.BytesIO(sample(name))).resize((160, 128)) for name in ("chelsea.png", "coffee.png")
    ]
    batches = {"lite0": imagenet.card.preprocess.batch(photos)[:, :, 48:176, 32:192].double()}
    batches["resnet18"] = batches["densenet121"] = noise(2, 3, 96, 128)
    random = {name: _random(name) for name in ("resnet18", "densenet121")}
    built = {"lite0": copy.deepcopy(imagenet.model), **random}
    return {name: _case(built[name].double(), batches[name], layers) for name, layers in LAYERS.items()}


@pytest.fixture
def nothing_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the peers alone: what they record of a layer would be overwritten by a ReLU in place after it."""
    relu = F.relu
    monkeypatch.setattr(F, "relu", lambda tensor, inplace=False: relu(tensor))  # noqa: ARG005 (its signature)


def _to_one(maps: Tensor) -> Tensor:
    """From each map's least to its greatest value."""
    shifted = maps - maps.amin((1, 2), keepdim=True)
    return shifted / shifted.amax((1, 2), keepdim=True)


def _agree(ours: Tensor, theirs: Tensor) -> None:
    assert theirs.amax((1, 2)).min() > 0.99  # Every map shows something.
    torch.testing.assert_close(ours, theirs.double(), rtol=0, atol=1e-5)


def _pytorch_grad_cam(method: str) -> type[Any]:
    """The peer's method, but that it gives its scaled map of every layer and not their mean.

    Its Grad-CAM++ adds 1e-6 to a denominator of squared gradients, which are smaller than that. In other
    units (activations a million times smaller, gradients as much larger) the formula is the same, its weights
    are a million times larger, and the 1e-6 no longer shows.
    """
    peer = pytest.importorskip("pytorch_grad_cam")
    scaled = pytest.importorskip("pytorch_grad_cam.utils.image").scale_cam_image
    units = 1e6 if method == "grad_cam_pp" else 1

    class PerLayer(getattr(peer, PYTORCH_GRAD_CAM[method])):
        def get_cam_weights(self, *arguments: Any) -> Any:  # noqa: ANN401 (the peer has no types)
            *others, activations, gradients = arguments
            return super().get_cam_weights(*others, activations / units, gradients * units)

        def aggregate_multi_layers(self, maps: list[Any]) -> list[Tensor]:
            return [torch.as_tensor(scaled(each[:, 0])) for each in maps]

    return PerLayer


@networks
@pytest.mark.parametrize("method", PYTORCH_GRAD_CAM)
@pytest.mark.usefixtures("nothing_in_place")
@pytest.mark.slow
def test_pytorch_grad_cam_agrees(cases: dict[str, Case], network: str, method: str) -> None:
    """Its maps: ReLU, least to greatest, bilinear to the input's size, least to greatest."""
    target = pytest.importorskip("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget
    case = cases[network]
    modules = [case.model.get_submodule(layer) for layer in LAYERS[network]]
    with _pytorch_grad_cam(method)(case.model, modules) as extractor:
        theirs = extractor(case.asked(), [target(class_idx) for class_idx in case.classes])
    for layer, maps in zip(LAYERS[network], theirs, strict=True):
        low = _to_one(case.maps[layer][method].relu())
        ours = F.interpolate(low[:, None], case.batch.shape[2:], mode="bilinear", align_corners=False)[:, 0]
        _agree(_to_one(ours), maps)


@networks
@pytest.mark.parametrize("method", TORCHCAM)
@pytest.mark.usefixtures("nothing_in_place")
@pytest.mark.slow
def test_torchcam_agrees(cases: dict[str, Case], network: str, method: str) -> None:
    """Its maps: ReLU, least to greatest, at the layer's own size.

    Not its Grad-CAM++: in 0.5.0 the division of alpha works on a copy, and weights are sums of cubes.
    """
    peer, case = pytest.importorskip("torchcam.methods"), cases[network]
    with getattr(peer, TORCHCAM[method])(case.model, LAYERS[network]) as extractor:
        theirs = extractor(case.classes, case.model(case.asked()))
    for layer, maps in zip(LAYERS[network], theirs, strict=True):
        _agree(_to_one(case.maps[layer][method].relu()), maps)


@pytest.mark.parametrize("network", POOLED)
def test_torchcams_cam_agrees(cases: dict[str, Case], network: str) -> None:
    """Its CAM, alone of its methods, is not cut at zero."""
    peer, case, (layer, head) = pytest.importorskip("torchcam.methods"), cases[network], POOLED[network]
    with peer.CAM(case.model, layer, head) as extractor:
        case.model(case.batch)
        theirs = extractor(case.classes)[0]
    traced = trace(case.model, case.batch, [layer])
    direction = towards(traced.logits, case.classes)
    ours = class_activation_maps(traced, direction, method=CAM_METHODS["cam"])[layer]
    _agree(_to_one(ours), theirs)


@networks
def test_captums_layer_grad_cam_agrees_unscaled(cases: dict[str, Case], network: str) -> None:
    """It clones what it records, so it sees the networks as they are."""
    case = cases[network]
    for layer in LAYERS[network]:
        method = attr.LayerGradCam(case.model, case.model.get_submodule(layer))
        theirs = method.attribute(case.asked(), target=case.classes)[:, 0].detach()
        difference = case.maps[layer]["grad_cam"] - theirs
        assert difference.abs().max() <= 1e-5 * theirs.abs().max()


# Pixel methods: captum itself, asked directly.


@pytest.fixture(scope="module")
def resnet() -> tuple[nn.Module, Tensor, Tensor]:
    """A network without operations in place, two images (2, 3, 28, 35), and the direction of class 3."""
    model, batch = _random("resnet18"), noise(2, 3, 28, 35, seed=5).float()
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


# Pixel methods: closed forms of a linear network.


class LinearNet(nn.Sequential):
    """Images (N, 3, 44, 30) to 4 logits that are linear in every pixel."""

    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3 * 44 * 30, 4))


@pytest.fixture
def linear() -> tuple[LinearNet, Tensor]:
    """The network and two images, in float64."""
    return seeded(LinearNet), noise(2, 3, 44, 30, seed=6)


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


# Progress, and stopping.


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
    model, batch = _random("resnet18").train().requires_grad_(requires_grad=True), noise(1, 3, 28, 28).float()
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


def test_a_second_method_of_the_same_name_is_refused() -> None:
    before = dict(PIXEL_METHODS)
    with pytest.raises(ValueError, match="a pixel method named 'saliency' is registered already"):
        pixels.register_pixel_method(pixels.saliency)
    assert before == PIXEL_METHODS
