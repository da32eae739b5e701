"""CAM methods agree with pytorch-grad-cam, torchcam and captum."""

import copy
import io
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from core.checkpoints.store import Checkpoint
from core.explain.maps.cam import CAM_METHODS, class_activation_maps
from core.explain.network.tracing import towards, trace
from core.images.sample_photos import sample
from tests.support.networks.linear_networks import random_network
from tests.support.networks.tiny_models import noise

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


@pytest.fixture(scope="module")
def cases(imagenet: Checkpoint) -> dict[str, Case]:
    """Ours is computed here, on the networks as they are: with their operations in place."""
    photos = [
        Image.open(io.BytesIO(sample(name))).resize((160, 128)) for name in ("chelsea.png", "coffee.png")
    ]
    batches = {"lite0": imagenet.card.preprocess.batch(photos)[:, :, 48:176, 32:192].double()}
    batches["resnet18"] = batches["densenet121"] = noise(2, 3, 96, 128)
    random = {name: random_network(name) for name in ("resnet18", "densenet121")}
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


@pytest.mark.slow
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


@pytest.mark.slow
@networks
def test_captums_layer_grad_cam_agrees_unscaled(cases: dict[str, Case], network: str) -> None:
    """It clones what it records, so it sees the networks as they are."""
    case = cases[network]
    for layer in LAYERS[network]:
        method = attr.LayerGradCam(case.model, case.model.get_submodule(layer))
        theirs = method.attribute(case.asked(), target=case.classes)[:, 0].detach()
        difference = case.maps[layer]["grad_cam"] - theirs
        assert difference.abs().max() <= 1e-5 * theirs.abs().max()
