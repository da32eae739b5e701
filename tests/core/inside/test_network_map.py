"""A network's stages on a map: their parameters add up, and their steps are those of the strides."""

import torch
from torch import nn
from torchvision import models

from core.checkpoints.store import Checkpoint
from core.explain.network.layers import spatial_layers, stages
from core.explanation.asking import layers_of
from core.inside.network_map import parameters_by_stage, step
from tests.support.networks.tiny_models import GapCnn


def size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_parameters_of_all_stages_and_the_head_are_those_of_the_network(imagenet: Checkpoint) -> None:
    counts = parameters_by_stage(imagenet.model, layers_of(imagenet))
    assert sum(counts) + 1280 * 1000 + 1000 == 4_652_008


def test_a_stage_counts_what_lies_between_it_and_the_stage_before() -> None:
    model = models.resnet18(num_classes=3).eval()
    layers = spatial_layers(model, torch.zeros(1, 3, 64, 64))
    assert [layer.name for layer in stages(layers)] == ["relu", "layer1", "layer2", "layer3", "layer4"]
    expected = [size(model.conv1) + size(model.bn1)]
    expected += [size(getattr(model, f"layer{number}")) for number in range(1, 5)]
    assert parameters_by_stage(model, layers) == expected


def test_modules_without_maps_belong_to_the_block_around_them() -> None:
    """A squeeze to one cell is no layer to explain; its weights are those of its block."""

    class Squeezed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 3, 1))

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            maps: torch.Tensor = self.conv(batch)
            return maps * self.squeeze(maps)

    model = nn.Sequential(nn.Sequential(Squeezed()), nn.Flatten(), nn.Linear(192, 2))
    layers = spatial_layers(model, torch.zeros(1, 3, 8, 8))
    assert parameters_by_stage(model, layers) == [3 * 3 * 9 + 3 + 3 * 3 + 3]


def test_a_head_that_is_a_layer_of_its_own_belongs_to_no_stage(model: GapCnn) -> None:
    layers = spatial_layers(model, torch.zeros(1, 3, 6, 8, dtype=torch.float64))
    assert sum(parameters_by_stage(model, layers)) == size(model.backbone)


def test_a_step_is_the_product_of_the_strides(imagenet: Checkpoint) -> None:
    steps = [step(layer, (224, 224)) for layer in stages(layers_of(imagenet))]
    assert steps == [2, 4, 8, 16, 32]
