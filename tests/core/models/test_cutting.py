"""A network cut at a layer is the same network, wherever that layer is the only way through."""

import pytest
import torch
from torch import nn

from core.errors import LayerError
from core.models import registry
from core.models.cutting import split_at
from tests.support.networks.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)

CUTS = [
    (FlattenCnn, "classifier"),
    (FlattenCnn, "classifier.3"),
    (GapCnn, "backbone.2"),
    (InPlaceCnn, "features.3"),
    (InPlaceCnn, "features.norm"),
]


@pytest.mark.parametrize(("build", "layer"), CUTS)
def test_both_parts_together_are_the_network_and_leave_it_alone(build: type[nn.Module], layer: str) -> None:
    model, batch = seeded(build), noise(2, 3, 6, 8)
    expected, before_cut = model(batch), snapshot(model)
    before, rest = split_at(model, layer)
    with torch.no_grad():
        assert torch.equal(rest(before(batch)), expected)
    assert_unchanged(model, before_cut)


@pytest.mark.parametrize(("build", "layer"), CUTS)
def test_each_parameter_is_in_one_part_and_is_the_network_s_own(build: type[nn.Module], layer: str) -> None:
    model = seeded(build)
    before, rest = split_at(model, layer)
    first, second = ({id(each) for each in part.parameters()} for part in (before, rest))
    assert first | second == {id(each) for each in model.parameters()}
    assert not first & second


@pytest.mark.parametrize(
    ("architecture", "layer", "shape"),
    [
        pytest.param("torchvision:vgg16", "classifier", (25088,), marks=pytest.mark.slow),
        ("torchvision:resnet18", "layer4", (256, 4, 4)),
        ("torchvision:densenet121", "features.denseblock4", (512, 2, 2)),
        ("timm:tf_efficientnet_lite0", "blocks.5", (112, 4, 4)),
        ("torchvision:squeezenet1_1", "classifier.1", (512, 3, 3)),
    ],
)
def test_known_networks_are_cut_between_blocks(architecture: str, layer: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    model, batch = registry.build(architecture, 3), torch.randn(2, 3, 64, 64)
    before, rest = split_at(model, layer)
    with torch.no_grad():
        features = before(batch)
        assert tuple(features.shape[1:]) == shape
        assert torch.equal(rest(features), model(batch))


def test_inside_of_a_block_with_a_skip_connection_the_parts_differ() -> None:
    """So that the caller must compare, as `halves` does."""
    model, batch = registry.build("torchvision:resnet18", 3), torch.randn(2, 3, 64, 64)
    before, rest = split_at(model, "layer4.1.conv2")
    with torch.no_grad():
        assert not torch.equal(rest(before(batch)), model(batch))


def test_a_layer_that_is_not_there_is_named() -> None:
    with pytest.raises(LayerError, match=r"no layer named '9' to cut at; there is '0', '1'"):
        split_at(seeded(GapCnn), "backbone.9")
