"""Which layers are offered, in what order and shape, and which one is taken if none is asked for."""

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision import models

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.network.layers import Layer, default_layer, spatial_layers, stages
from core.explain.network.tracing import trace
from core.explanation.asking import layers_of
from tests.support.networks.tiny_models import GapCnn, noise, seeded

RESNET_STAGES = {
    "relu": (64, 112, 112),
    "layer1": (64, 56, 56),
    "layer2": (128, 28, 28),
    "layer3": (256, 14, 14),
    "layer4": (512, 7, 7),
}
VGG_STAGES = {
    "features.3": (64, 224, 224),
    "features.8": (128, 112, 112),
    "features.15": (256, 56, 56),
    "features.22": (512, 28, 28),
    "features.29": (512, 14, 14),
}
DENSENET_STAGES = {
    "features.relu0": (64, 112, 112),
    "features.denseblock1": (256, 56, 56),
    "features.denseblock2": (512, 28, 28),
    "features.denseblock3": (1024, 14, 14),
    "features": (1024, 7, 7),
}
LITE0_STAGES = {
    "blocks.0": (16, 112, 112),
    "blocks.1": (24, 56, 56),
    "blocks.2": (40, 28, 28),
    "blocks.4": (112, 14, 14),
    "bn2": (1280, 7, 7),
}


def _layers(model: nn.Module, side: int = 224) -> list[Layer]:
    return spatial_layers(model.eval(), torch.zeros(1, 3, side, side))


def _shapes(layers: list[Layer]) -> dict[str, tuple[int, int, int]]:
    return {layer.name: layer.shape for layer in layers}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", RESNET_STAGES),
        pytest.param("vgg16", VGG_STAGES, marks=pytest.mark.slow),
        ("densenet121", DENSENET_STAGES),
    ],
)
def test_stages_are_the_deepest_layer_at_each_size_and_the_default_is_the_last(
    name: str, expected: dict[str, tuple[int, int, int]]
) -> None:
    extras = {"init_weights": False} if name == "vgg16" else {}
    layers = _layers(models.get_model(name, **extras))
    assert list(_shapes(stages(layers)).items()) == list(expected.items())
    assert default_layer(layers) == list(expected)[-1]


def test_stages_of_the_built_in_network_end_at_bn2(imagenet: Checkpoint) -> None:
    layers = layers_of(imagenet)
    assert list(_shapes(stages(layers)).items()) == list(LITE0_STAGES.items())
    assert default_layer(layers) == "bn2"


def test_layers_come_in_the_order_in_which_they_finish_with_the_shapes_that_they_give(
    model: GapCnn, batch: Tensor
) -> None:
    assert spatial_layers(model, batch[:1]) == [
        Layer("backbone.0", "Conv2d", (5, 6, 8), is_convolution=True),
        Layer("backbone.1", "ReLU", (5, 6, 8), is_convolution=False),
        Layer("backbone.2", "Conv2d", (4, 3, 4), is_convolution=True),
        Layer("backbone.3", "ReLU", (4, 3, 4), is_convolution=False),
        Layer("backbone", "Sequential", (4, 3, 4), is_convolution=False),
    ]


def test_every_offered_layer_of_a_real_network_can_be_recorded_with_the_shape_that_was_said() -> None:
    model = models.resnet18().eval()
    layers = _layers(model, side=64)
    traced = trace(model, torch.zeros(1, 3, 64, 64), [layer.name for layer in layers])
    assert len(layers) == 65
    assert all(traced.activations[layer.name].shape[1:] == layer.shape for layer in layers)
    order = [layer.name for layer in layers]
    assert (
        order.index("layer1.0.conv1")
        < order.index("layer1.0")
        < order.index("layer1")
        < order.index("layer4")
    )
    assert not {"avgpool", "fc", ""} & set(order)


def test_a_layer_is_shown_with_its_shape() -> None:
    layer = Layer("bn2", "BatchNormAct2d", (1280, 7, 7), is_convolution=False)
    assert layer.label == "bn2 · 1280 \u00d7 7 \u00d7 7"
    assert layer.size == (7, 7)


@pytest.mark.slow
def test_blocks_that_put_channels_last_are_offered_as_the_maps_that_they_are() -> None:
    """Swin's blocks give (N, rows, columns, K): 56 x 96 must not be read as rows and columns."""
    layers = _layers(models.swin_t())
    assert _shapes(stages(layers)) == {
        "features.1": (96, 56, 56),
        "features.3": (192, 28, 28),
        "features.5": (384, 14, 14),
        "permute": (768, 7, 7),
    }
    shapes = _shapes(layers)
    assert (shapes["features.0.0"], shapes["norm"]) == ((96, 56, 56), (768, 7, 7))
    theirs = _shapes(_layers(timm.create_model("swin_tiny_patch4_window7_224")))
    assert (theirs["layers.1"], theirs["norm"]) == ((192, 28, 28), (768, 7, 7))
    assert not any(name.startswith("layers.0.blocks.0.attn.") for name in theirs)  # Windows, not the image.


def test_of_a_module_that_runs_twice_the_last_run_counts() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.second = nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 5, 2, stride=2)

        def forward(self, batch: Tensor) -> Tensor:
            return self.relu(self.second(self.relu(self.first(batch))))

    found = spatial_layers(seeded(Twice), noise(1, 3, 6, 8))
    assert [(layer.name, layer.shape) for layer in found] == [
        ("first", (4, 6, 8)),
        ("second", (5, 3, 4)),
        ("relu", (5, 3, 4)),
    ]


def test_identities_and_single_cells_are_left_out() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    assert list(_shapes(_layers(model, side=8))) == ["0"]


def test_a_size_within_a_block_that_ends_at_another_is_no_stage() -> None:
    """The expansion of an inverted residual runs at the size before its stride."""
    model = timm.create_model("tf_efficientnet_lite0")
    layers = _layers(model, side=96)
    assert any(layer.name.startswith("blocks.1.0") and layer.size == (48, 48) for layer in layers)
    assert [layer.name for layer in stages(layers)] == list(LITE0_STAGES)


def test_a_network_without_spatial_layers_is_refused() -> None:
    layers = _layers(nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2)), side=8)
    assert layers == []
    with pytest.raises(LayerError, match="no layer with a spatial output, so there is nothing to map"):
        default_layer(layers)


def test_measuring_leaves_the_network_as_it_was(model: GapCnn, batch: Tensor) -> None:
    model.train()
    spatial_layers(model, batch[:1])
    assert model.training
    assert model.head.weight.requires_grad
    assert not any(module._forward_hooks for module in model.modules())
