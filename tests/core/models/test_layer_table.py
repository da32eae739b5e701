"""The table of a network says what each layer gives, and counts every parameter once."""

import pytest
import torch
from torch import nn

from core.models import registry
from core.models.heads import freeze_until
from core.models.layer_table import LayerRow, layer_table
from tests.support.networks.tiny_models import FlattenCnn, GapCnn, assert_unchanged, noise, seeded, snapshot


def test_rows_have_the_shapes_and_counts_computed_by_hand() -> None:
    model = seeded(FlattenCnn)
    freeze_until(model, "classifier")
    table = layer_table(model, noise(1, 3, 6, 8))
    assert table.rows == (
        LayerRow("features.0", "Conv2d", (4, 6, 8), 3 * 4 * 9 + 4, 0),
        LayerRow("features.1", "ReLU", (4, 6, 8), 0, 0),
        LayerRow("features.2", "MaxPool2d", (4, 3, 4), 0, 0),
        LayerRow("classifier.0", "Flatten", (48,), 0, 0),
        LayerRow("classifier.1", "Linear", (4,), 48 * 4 + 4, 48 * 4 + 4),
        LayerRow("classifier.2", "ReLU", (4,), 0, 0),
        LayerRow("classifier.3", "Linear", (3,), 4 * 3 + 3, 4 * 3 + 3),
    )
    assert [row.state for row in table.rows] == ["frozen", "", "", "", "trained", "", "trained"]
    assert (table.num_parameters, table.num_trained, table.num_frozen) == (112 + 196 + 15, 211, 112)
    assert (table.flatten_width, table.last_map) == (48, (4, 3, 4))


def test_a_pooled_head_reads_one_feature_per_channel_and_the_model_stays_as_it_was() -> None:
    model = seeded(GapCnn)
    before = snapshot(model)
    assert layer_table(model, noise(1, 3, 6, 8)).flatten_width == 4
    assert_unchanged(model, before)


class _Shared(nn.Module):
    """Two layers with one weight, an own parameter, and a layer that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(5))
        self.first, self.second = nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False)
        self.second.weight = self.first.weight
        self.unused = nn.Linear(5, 2)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        scaled: torch.Tensor = self.second(self.first(batch.mean((1, 2)))) * self.scale
        return scaled


def test_shared_parameters_count_once_and_layers_that_do_not_run_have_no_shape() -> None:
    table = layer_table(_Shared(), torch.ones(1, 2, 2, 5))
    assert [(row.name, row.shape, row.num_parameters) for row in table.rows] == [
        ("", (5,), 5),
        ("first", (5,), 25),
        ("second", (5,), 0),
        ("unused", None, 12),
    ]
    assert table.num_parameters == sum(each.numel() for each in _Shared().parameters())


@pytest.mark.parametrize(
    ("architecture", "width", "last_map"),
    [
        ("timm:tf_efficientnet_lite0", 1280, (1280, 7, 7)),
        ("torchvision:vgg16", 25088, (512, 7, 7)),
        ("torchvision:resnet18", 512, (512, 7, 7)),
        ("seewhy:chollet-mnist", 256, (256, 3, 3)),
        ("timm:vit_tiny_patch16_224", 192, None),
    ],
)
def test_a_network_without_memory_has_the_table_of_the_real_one(
    architecture: str, width: int, last_map: tuple[int, ...] | None
) -> None:
    model = registry.skeleton(architecture, 10)
    blank = registry.default_preprocess(architecture).blank_input().to("meta")
    table = layer_table(model, blank)
    assert table.num_parameters == sum(each.numel() for each in model.parameters())
    assert table.flatten_width == width
    assert last_map is None or table.last_map == last_map
