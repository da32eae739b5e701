"""A look inside a checkpoint: what is shown of a layer, of every stage, and how sparse layers are."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError, LayerError
from core.explain.network.activations import activations
from core.explain.network.layers import spatial_layers, stages
from core.explanation.asking import layers_of
from core.inside.channels.inspection import column, inspect, sparsity_by_depth
from core.inside.channels.layer_channels import channel_stats
from tests.support.networks.tiny_models import assert_unchanged, noise, snapshot


@pytest.fixture
def pair() -> Tensor:
    """Two images for `small`, (2, 3, 160, 160)."""
    return noise(2, 3, 160, 160).float()


def test_an_inspection_has_the_layers_activations_for_each_image(small: Checkpoint, pair: Tensor) -> None:
    before = snapshot(small.model)
    found = inspect(small, pair, "blocks.2")
    expected = activations(small.model, pair, ["blocks.2"])["blocks.2"]
    logits = small.model(pair)
    for image, inspected in enumerate(found):
        assert np.array_equal(inspected.maps, expected[image].numpy())
        assert inspected.maps.dtype == np.float32
        torch.testing.assert_close(inspected.logits, logits[image])
        assert inspected.class_idx == int(logits[image].argmax())
        assert inspected.stats.mean.tolist() == channel_stats(inspected.maps).mean.tolist()
    assert_unchanged(small.model, before)


def test_contributions_and_bias_sum_to_the_logit_at_the_last_layer_only(
    small: Checkpoint, pair: Tensor
) -> None:
    for inspected in inspect(small, pair, "bn2", class_idx=3):
        assert inspected.class_idx == 3
        assert inspected.bias == pytest.approx(float(small.model.classifier.bias[3]))
        assert inspected.contributions.sum() + inspected.bias == pytest.approx(
            float(inspected.logits[3]), abs=1e-5
        )
    assert inspect(small, pair, "blocks.2")[0].bias is None


def test_channels_come_by_index_by_strength_and_by_what_they_say_for_the_class(
    small: Checkpoint, pair: Tensor
) -> None:
    inspected = inspect(small, pair, "bn2")[0]
    assert inspected.order("index").tolist() == list(range(256))
    by_strength, by_class = inspected.order("strength"), inspected.order("class")
    loud = by_strength[~inspected.stats.silent[by_strength]]
    assert (np.diff(np.abs(inspected.maps).mean((1, 2))[loud]) <= 1e-7).all()
    assert (np.diff(inspected.contributions[by_class]) <= 0).all()
    assert sorted(by_strength) == sorted(by_class) == list(range(256))


def test_a_dead_channel_is_silent_here_and_says_nothing_for_any_class(
    small: Checkpoint, pair: Tensor
) -> None:
    model = copy.deepcopy(small.model)
    nn.init.zeros_(model.bn2.weight[7:8])
    nn.init.zeros_(model.bn2.bias[7:8])
    inspected = inspect(replace(small, model=model), pair, "bn2")[0]
    assert inspected.stats.silent[7]
    assert inspected.stats.share_of_zeros[7] == 1
    assert inspected.contributions[7] == 0
    assert inspected.normalised[7].max() == 0
    assert inspected.order("strength").tolist().index(7) >= 256 - inspected.stats.silent.sum()


def test_weights_in_half_precision_give_maps_in_single(small: Checkpoint, pair: Tensor) -> None:
    half = replace(small, model=copy.deepcopy(small.model).bfloat16())
    found, expected = (inspect(each, pair, "blocks.2", 1)[0] for each in (half, small))
    assert found.maps.dtype == np.float32
    assert np.abs(found.maps - expected.maps).max() < 0.1 * np.abs(expected.maps).max()


def test_values_that_are_not_finite_are_an_error(small: Checkpoint, pair: Tensor) -> None:
    model = copy.deepcopy(small.model)
    model.conv_stem.weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(CheckpointError, match="activations of 'small' are not finite"):
        inspect(replace(small, model=model), pair, "bn2")
    head = copy.deepcopy(small.model)
    head.classifier.bias[3] = float("inf")
    with pytest.raises(CheckpointError, match="the logits of 'small' are not finite"):
        inspect(replace(small, model=head), pair, "bn2")


def test_a_layer_that_is_not_there_is_named(small: Checkpoint, pair: Tensor) -> None:
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        inspect(small, pair, "conv9")


# The whole network


def test_the_column_has_the_strongest_channels_of_every_stage(small: Checkpoint, pair: Tensor) -> None:
    layers = layers_of(small)
    rows = column(small, pair[:1], layers, num_channels=5)
    assert [row.layer for row in rows] == stages(layers)
    for row in rows:
        inspected = inspect(small, pair[:1], row.layer.name)[0]
        assert row.channels.tolist() == inspected.order("strength")[:5].tolist()
        np.testing.assert_allclose(row.values, inspected.normalised[row.channels], atol=1e-5)
        assert row.silent.tolist() == inspected.stats.silent[row.channels].tolist()
        assert len(row.stats.mean) == row.layer.shape[0]


def test_the_built_in_network_goes_from_large_maps_to_many_channels(imagenet: Checkpoint) -> None:
    rows = column(imagenet, noise(1, 3, 224, 224).float(), layers_of(imagenet))
    assert [row.values.shape for row in rows] == [(8, side, side) for side in (112, 56, 28, 14, 7)]
    assert [len(row.stats.mean) for row in rows] == [16, 24, 40, 112, 1280]


def test_sparsity_is_the_share_of_zeros_of_what_relus_give_in_the_order_of_the_network(
    small: Checkpoint,
) -> None:
    """ResNet's ReLUs are functions of their blocks too: a block's end counts once, under the block's name."""
    model = models.resnet18(num_classes=3).eval()
    batch = noise(1, 3, 64, 64).float()
    found = sparsity_by_depth(
        replace(small, model=model), batch, spatial_layers(model, torch.zeros(1, 3, 64, 64))
    )
    names = [each.layer.name for each in found]
    blocks = [f"layer{stage}.0" for stage in range(1, 5)]
    assert names[:2] == ["relu", "maxpool"]
    assert set(blocks) < set(names)
    assert not {"conv1", "bn1", "layer1.0.bn2", "layer2.0.downsample"} & set(names)
    assert not {"layer1.0.relu", "layer1.1"} & set(names)  # Passed on by layer1.0 and by layer1.
    outputs = activations(model, batch, names)
    for each in found:
        share = float((outputs[each.layer.name] == 0).double().mean())
        assert each.share_of_zeros == pytest.approx(share, abs=1e-6)
    assert 0.3 < found[0].share_of_zeros < 0.7


def test_a_network_without_rectified_layers_has_no_sparsity(small: Checkpoint) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    layers = spatial_layers(model, torch.zeros(1, 3, 16, 16))
    assert sparsity_by_depth(replace(small, model=model), noise(1, 3, 16, 16).float(), layers) == []
