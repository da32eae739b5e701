"""Maps of a layer by passes of their own: each equals its formula, written slowly, and its peer."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import LayerError
from core.explain.maps.pixels import PixelQuestion
from core.explain.maps.regions import (
    REGION_METHODS,
    ablation_cam,
    masking,
    register_region_method,
    score_cam,
    weight_grad_cam,
)
from core.explain.network.tracing import towards
from tests.support.networks.cam_maps import map_of
from tests.support.networks.tiny_models import FlattenCnn, GapCnn, InPlaceCnn, noise, seeded


def _question(model: nn.Module, batch: Tensor, layer: str, against: int | None = None) -> PixelQuestion:
    return PixelQuestion(model, batch, towards(model(batch).detach(), [1, 2], against), layer)


def _to_one(maps: Tensor) -> Tensor:
    """As the peers scale: ReLU, then from each map's least to its greatest value."""
    shifted = maps.relu() - maps.relu().amin((1, 2), keepdim=True)
    return shifted / shifted.amax((1, 2), keepdim=True)


def test_score_cam_weighs_each_channel_by_the_softmax_of_its_masked_images_score(
    model: GapCnn, batch: Tensor
) -> None:
    question = _question(model, batch, "backbone", against=0)
    activations = model.backbone(batch).detach()
    for image, maps in enumerate(score_cam(question)):
        scores = []
        for channel in activations[image]:
            mask = F.interpolate(channel[None, None], (6, 8), mode="bilinear")
            mask = (mask - mask.min()) / (mask.max() - mask.min())
            logits = model(batch[image : image + 1] * mask)[0].detach()
            scores.append(float(logits @ question.direction[image]))
        total = sum(torch.tensor(score).double().exp() for score in scores)
        weights = [torch.tensor(score).double().exp() / total for score in scores]
        expected = sum(w * a for w, a in zip(weights, activations[image], strict=True))
        torch.testing.assert_close(maps, expected)


def test_score_cam_masks_nothing_by_a_constant_channel() -> None:
    """Enlarging a constant changes its last bits, which must not be stretched to a mask of noise."""
    constants = torch.linspace(0.1, 9.7, 97)[:, None, None].expand(-1, 7, 7)
    enlarged = F.interpolate(constants[:, None], (30, 30), mode="bilinear")
    assert (enlarged.amax((1, 2, 3)) > enlarged.amin((1, 2, 3))).any()
    assert not masking._masks(constants, torch.zeros(1, 3, 30, 30)).any()


@pytest.mark.parametrize("package", ["pytorch_grad_cam", "torchcam.methods"])
def test_score_cam_is_that_of_the_peers(model: GapCnn, batch: Tensor, package: str) -> None:
    """At a layer of the input's size: one peer aligns corners, the other scales before it enlarges."""
    peer, layer = pytest.importorskip(package), "backbone.1"
    if package == "torchcam.methods":
        with peer.ScoreCAM(model, layer) as extractor:
            model(batch)
            theirs = extractor([1, 2])[0]
    else:
        target = pytest.importorskip("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget
        with peer.ScoreCAM(model, [model.get_submodule(layer)]) as extractor:
            theirs = torch.as_tensor(extractor(batch, [target(1), target(2)]))
    ours = _to_one(score_cam(_question(model, batch, layer)))
    torch.testing.assert_close(ours, theirs.double(), rtol=0, atol=1e-5)


def test_ablation_cam_of_a_pooled_linear_head_is_the_heads_row_times_the_channels_mean(
    model: GapCnn, batch: Tensor
) -> None:
    """Without channel k a logit y loses w_k mean(A_k), of which the weight is the share in |y|."""
    activations, logits = model.backbone(batch).detach(), model(batch).detach()
    rows, scores = model.head.weight.detach()[[1, 2]], logits[[0, 1], [1, 2]]
    weights = rows * activations.mean((2, 3)) / scores.abs()[:, None]
    expected = (weights[:, :, None, None] * activations).sum(1)
    torch.testing.assert_close(ablation_cam(_question(model, batch, "backbone")), expected)


def test_ablation_cam_is_pytorch_grad_cams_where_the_score_is_positive(model: GapCnn, batch: Tensor) -> None:
    """The peer replaces the layer in the network, so it gets a copy."""
    peer, layer = pytest.importorskip("pytorch_grad_cam"), "backbone.1"
    target = pytest.importorskip("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget
    with torch.no_grad():
        model.head.bias += 1
    question, other = _question(model, batch, layer), copy.deepcopy(model)
    assert (model(batch)[[0, 1], [1, 2]] > 0).all()
    with peer.AblationCAM(other, [other.get_submodule(layer)], batch_size=2) as extractor:
        theirs = torch.as_tensor(extractor(batch, [target(1), target(2)]))
    # Its scores are in single precision, of which it takes small differences.
    torch.testing.assert_close(_to_one(ablation_cam(question)), theirs.double(), rtol=0, atol=1e-4)


class Branched(nn.Module):
    """The layer's output is joined with another branch: one image there cannot meet many here."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.layer = nn.Conv2d(3, 2, 3), nn.Conv2d(2, 3, 1)
        self.head = nn.Linear(5, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        stem = self.stem(batch)
        logits: Tensor = self.head(torch.cat([stem, self.layer(stem)], 1).relu().mean((2, 3)))
        return logits


def test_ablation_cam_inside_a_branch_zeroes_the_same_channels(batch: Tensor) -> None:
    model = seeded(Branched)
    stem = model.stem(batch)
    activations = model.layer(stem).detach()
    rows = torch.arange(2), torch.tensor([1, 2])
    score = model(batch)[rows]
    lost = []
    for channel in range(3):
        without = activations.clone()
        without[:, channel] = 0
        lost.append(score - model.head(torch.cat([stem, without], 1).relu().mean((2, 3)))[rows])
    weights = torch.stack(lost, 1) / score.abs()[:, None]
    expected = (weights[:, :, None, None] * activations).sum(1).detach()
    torch.testing.assert_close(ablation_cam(_question(model, batch, "layer")), expected)


def test_ablation_cam_is_the_same_however_many_channels_share_a_pass(
    model: GapCnn, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = _question(model, batch, "backbone.1")
    expected = ablation_cam(question)
    monkeypatch.setattr(masking, "_MOST_VALUES", 2 * 5 * 6 * 8)
    torch.testing.assert_close(ablation_cam(question), expected)


@pytest.mark.parametrize(("layer", "filters"), [("backbone.2", "backbone.2"), ("backbone", "backbone.2")])
def test_weight_grad_cam_is_what_the_book_computes(
    model: GapCnn, batch: Tensor, layer: str, filters: str
) -> None:
    """With `backward`, a batch of one, and the gradient that it leaves at the convolution's weight."""
    maps = weight_grad_cam(_question(model, batch, layer))
    for image, class_idx in enumerate((1, 2)):
        book = copy.deepcopy(model)
        logits = book(batch[image : image + 1])
        logits[0, class_idx].backward()
        pooled = book.get_submodule(filters).weight.grad.mean((1, 2, 3))
        modules = book.backbone if layer == "backbone" else book.backbone[:3]
        activations = modules(batch[image : image + 1])[0].detach()
        expected = torch.stack(
            [weight * channel for weight, channel in zip(pooled, activations, strict=True)]
        )
        heat = expected.mean(0)
        torch.testing.assert_close(maps[image], heat - heat.min())


def test_weight_grad_cam_is_zero_where_the_filters_read_nothing_but_grad_cam_is_not(model: GapCnn) -> None:
    """The difference between the two: a filter's gradient is that of its output times its input."""
    with torch.no_grad():
        model.backbone[0].bias.fill_(-100)  # All inputs of the second convolution are zero.
        model.backbone[2].bias.fill_(1)
    question = _question(model, noise(2, 3, 6, 8), "backbone.2")
    assert torch.equal(weight_grad_cam(question), torch.zeros(2, 3, 4).double())
    assert map_of(model, question.batch, "grad_cam", "backbone.2").abs().min() > 0.01


def test_weight_grad_cam_names_a_layer_that_no_convolution_made() -> None:
    model, batch = seeded(FlattenCnn), noise(2, 3, 6, 8)
    message = "weight_grad_cam needs a layer that ends in a convolution; before the end of 'features' none"
    with pytest.raises(LayerError, match=message):
        weight_grad_cam(_question(model, batch, "features"))


@pytest.mark.parametrize("method", ["score_cam", "ablation_cam", "weight_grad_cam"])
def test_a_region_method_needs_a_layer(method: str, model: GapCnn, batch: Tensor) -> None:
    with pytest.raises(LayerError, match=f"{method} needs a target layer, such as that of default_layer"):
        REGION_METHODS[method](_question(model, batch, ""))


@pytest.mark.parametrize("method", ["score_cam", "ablation_cam", "weight_grad_cam"])
def test_an_operation_in_place_after_the_layer_does_not_change_the_map(method: str, batch: Tensor) -> None:
    model, apart = seeded(InPlaceCnn), seeded(InPlaceCnn)
    apart.features.add_module("copied", nn.Hardtanh(-1e9, 1e9))  # The ReLU overwrites this one's output.
    ours, expected = (
        REGION_METHODS[method](_question(each, batch, "features.norm")) for each in (model, apart)
    )
    torch.testing.assert_close(ours, expected)


def test_a_second_method_of_the_same_name_is_refused() -> None:
    before = dict(REGION_METHODS)
    with pytest.raises(ValueError, match="a region method named 'score_cam' is registered already"):
        register_region_method(score_cam)
    assert before == REGION_METHODS
