"""Layers and networks without a map are named in the error."""

import pytest
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.maps.cam import (
    class_activation_maps,
)
from core.explain.network.tracing import towards, trace
from tests.support.networks.cam_maps import map_of
from tests.support.networks.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    seeded,
    snapshot,
)


class OddCnn(GapCnn):
    """Has a layer that is not run, one whose output is not used, and one that gives a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.idle, self.unused = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
        self.pool = nn.AdaptiveMaxPool2d(1, return_indices=True)

    def forward(self, batch: Tensor) -> Tensor:
        """The logits of `GapCnn`."""
        self.unused(batch)
        self.pool(batch)
        return super().forward(batch)


@pytest.mark.parametrize(
    ("target_layer", "message"),
    [
        ("conv9", r"no layer named 'conv9'; this model has 'backbone', 'backbone\.0'"),
        ("head", r"layer 'head' gives \(2, 3\); a map needs an output of shape \(N, K, h, w\)"),
        ("pool", r"layer 'pool' gives tuple; a map needs"),
        ("idle", r"layer 'idle' took no part in this forward pass"),
        ("unused", r"layer 'unused' has no influence on the logits"),
    ],
)
def test_a_layer_without_a_map_is_named(batch: Tensor, target_layer: str, message: str) -> None:
    model = seeded(OddCnn)
    before = snapshot(model)
    with pytest.raises(LayerError, match=message):
        map_of(model, batch, "grad_cam", target_layer)
    assert_unchanged(model, before)


def test_a_layer_without_influence_is_named_beside_one_with(batch: Tensor) -> None:
    traced = trace(seeded(OddCnn), batch, ["backbone", "unused"])
    with pytest.raises(LayerError, match="layer 'unused' has no influence on the logits"):
        class_activation_maps(traced, towards(traced.logits, 0))


@pytest.mark.parametrize(
    ("build", "target_layer"), [(GapCnn, "backbone.0"), (InPlaceCnn, "features"), (FlattenCnn, "features")]
)
def test_cam_wants_the_layer_that_a_pooled_linear_head_reads(
    build: type[nn.Module], target_layer: str, batch: Tensor
) -> None:
    with pytest.raises(
        LayerError, match="cam needs the layer that a pooled linear head reads; grad_cam works"
    ):
        map_of(seeded(build), batch, "cam", target_layer)


def test_a_network_that_gives_no_logits_is_refused(model: GapCnn, batch: Tensor) -> None:
    with pytest.raises(
        LayerError, match=r"gives \(2, 4, 3, 4\); a classifier gives logits of shape \(N, C\)"
    ):
        trace(model.backbone, batch, ["3"])
    model.forward = lambda batch: {"out": batch}
    with pytest.raises(LayerError, match="gives dict; a classifier gives logits"):
        trace(model, batch, [])
