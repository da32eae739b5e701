"""A CAM leaves the model, its mode, its hooks and the caller's tensors as they were."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import LayerError
from core.explain.maps.cam import (
    CAM_METHODS,
)
from core.explain.network.tracing import trace
from tests.support.networks.cam_maps import map_of, methods
from tests.support.networks.tiny_models import (
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    seeded,
    snapshot,
)


class BrokenCnn(InPlaceCnn):
    """Fails in the middle of its forward pass, after the layers that are recorded."""

    def forward(self, batch: Tensor) -> Tensor:
        """No logits."""
        self.features(batch)
        raise RuntimeError("broken in the middle")


def _in_use(build: type[InPlaceCnn]) -> InPlaceCnn:
    """As in fine-tuning: training, one layer frozen and in evaluation mode, one gradient there."""
    model = seeded(build).train()
    model.features[1].eval().requires_grad_(requires_grad=False)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    return model


@methods
def test_a_model_in_use_is_left_as_it_was(name: str, batch: Tensor) -> None:
    model, untouched = _in_use(InPlaceCnn), batch.clone()
    before = snapshot(model)
    if name != "cam":
        map_of(model, batch, name, "features")
    else:
        with pytest.raises(LayerError, match="pooled linear head"):
            map_of(model, batch, name, "features")
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
    assert not batch.requires_grad


@methods
def test_a_model_that_fails_half_way_is_left_as_it_was(name: str, batch: Tensor) -> None:
    model, untouched = _in_use(BrokenCnn), batch.clone()
    before = snapshot(model)
    with pytest.raises(RuntimeError, match="broken in the middle"):
        map_of(model, batch, name, "features")
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)


@pytest.mark.parametrize("name", [name for name in CAM_METHODS if name != "cam"])
def test_a_model_in_training_is_explained_as_in_evaluation(name: str, batch: Tensor) -> None:
    """Dropout does not act and batch norm uses its statistics, which do not move."""
    expected = map_of(seeded(InPlaceCnn), batch, name, "features")
    training = seeded(InPlaceCnn).train()
    statistics = training.features[1].running_mean.clone()
    assert torch.equal(map_of(training, batch, name, "features"), expected)
    assert training.training
    assert torch.equal(training.features[1].running_mean, statistics)
    assert training.features[1].num_batches_tracked == 0


@methods
def test_a_frozen_network_and_switched_off_gradients_give_the_same(
    model: GapCnn, batch: Tensor, name: str
) -> None:
    expected = map_of(model, batch, name)
    model.backbone.requires_grad_(requires_grad=False)
    assert torch.equal(map_of(model, batch, name), expected)
    with torch.no_grad():
        assert torch.equal(map_of(model.requires_grad_(requires_grad=False), batch, name), expected)


def test_the_callers_batch_survives_a_network_that_begins_in_place(model: GapCnn, batch: Tensor) -> None:
    shifted = nn.Sequential(nn.Hardtanh(-0.5, 0.5, inplace=True), model)
    untouched = batch.clone()
    maps = map_of(shifted, batch, "grad_cam", "1.backbone")
    assert torch.equal(batch, untouched)
    torch.testing.assert_close(maps, map_of(model, batch.clamp(-0.5, 0.5), "grad_cam"))


@pytest.mark.parametrize("layer", ["features", "features.norm", "features.1"])
def test_an_operation_in_place_after_the_layer_does_not_change_what_is_recorded(
    batch: Tensor, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DenseNet's ``norm5``: without a clone the minimum is 0 (maps correlate 0.88 with the truth)."""
    model = seeded(InPlaceCnn)
    with torch.no_grad():
        expected = model.features[:2](batch) if layer == "features.1" else model.features(batch)
    activations = trace(model, batch, [layer]).activations[layer].detach()
    assert activations.min() < -0.1
    torch.testing.assert_close(activations, expected)
    maps = map_of(model, batch, "grad_cam", layer)
    relu = F.relu
    monkeypatch.setattr(F, "relu", lambda tensor, inplace=False: relu(tensor))  # noqa: ARG005 (its signature)
    torch.testing.assert_close(maps, map_of(model, batch, "grad_cam", layer))
