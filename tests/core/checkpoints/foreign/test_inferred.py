"""Size, channels, auxiliary heads and buffers are inferred from the weights."""

from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import nn

from core.checkpoints import paths, store
from core.errors import CheckpointError
from core.models import registry
from tests.support.networks.foreign_weights import (
    TINY,
    gives_the_same,
    imported_network,
    saved,
    small_network,
)


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_other_channels_are_inferred_and_the_preprocess_fits(tmp_path: Path, channels: int) -> None:
    network = small_network(in_chans=channels)
    done = imported_network(saved(network.state_dict(), tmp_path), preprocess="mean=0.4,std=0.2")
    card = store.read_card(done.folder)
    assert card.architecture == f"{TINY}?in_chans={channels}"
    assert (card.preprocess.mean, card.preprocess.std) == ((0.4,) * channels, (0.2,) * channels)
    assert gives_the_same(network, done)
    with pytest.raises(CheckpointError, match=r"'conv1\.0\.weight' is"):
        imported_network(saved(network.state_dict(), tmp_path), f"{TINY}?in_chans=3")


@pytest.mark.slow
def test_a_transformer_of_another_size_is_inferred_and_a_crop_that_it_cannot_take_refused(
    tmp_path: Path,
) -> None:
    network = timm.create_model("vit_tiny_patch16_224", num_classes=3, img_size=96)
    path = saved(network.state_dict(), tmp_path)
    with pytest.raises(
        CheckpointError, match=r"does not take 3 channels of 128 x 128 pixels .*was made for "
    ):
        imported_network(path, "timm:vit_tiny_patch16_224", preprocess="crop=128,resize=128")
    done = imported_network(path, "timm:vit_tiny_patch16_224")
    card = store.read_card(done.folder)
    assert (card.architecture, card.preprocess.input_size) == (
        "timm:vit_tiny_patch16_224?img_size=96",
        (96, 96),
    )
    assert gives_the_same(network, done)


def test_a_crop_that_a_linear_layer_cannot_take_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    architecture = "seewhy:two-conv-mnist"
    path = saved(registry.build(architecture, 3).state_dict(), tmp_path)
    with pytest.raises(CheckpointError, match=r"does not take 1 channel.* of 32 x 32 pixels"):
        imported_network(path, architecture, preprocess="crop=32")
    assert not paths.folder("mine").exists()


@pytest.mark.parametrize("aux", [True, False])
@pytest.mark.slow
def test_auxiliary_heads_are_left_out_and_no_input_is_rescaled_unasked(tmp_path: Path, *, aux: bool) -> None:
    network = torchvision.models.googlenet(num_classes=3, aux_logits=aux, init_weights=False)
    path = saved(network.state_dict(), tmp_path)
    done = imported_network(path, "torchvision:googlenet")
    assert gives_the_same(network, done)
    card = store.read_card(done.folder)
    assert card.architecture == "torchvision:googlenet?aux_logits=false&transform_input=false"
    network.transform_input = True
    assert gives_the_same(network, imported_network(path, "torchvision:googlenet?transform_input=true"))
    published = tmp_path / "googlenet-1378be20.pth"
    path.rename(published)
    assert gives_the_same(network, imported_network(published, "torchvision:googlenet"))


def test_buffers_that_other_versions_stored_are_computed_again(network: nn.Module, tmp_path: Path) -> None:
    tensors = network.state_dict()
    more = {
        "layer1.0.attn_mask": torch.ones(2),
        "layer1.0.relative_position_index": torch.ones(2),
        "total_ops": torch.ones(1),
    }
    done = imported_network(saved(tensors | more, tmp_path))
    assert gives_the_same(network, done)
    assert any("layer1.0.attn_mask" in line for line in done.report.lines)
