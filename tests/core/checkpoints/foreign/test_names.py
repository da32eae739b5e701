"""Any prefix, key and wrapper around weights is taken off and said."""

import argparse
import pathlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import CheckpointError
from tests.support.networks.foreign_weights import gives_the_same, imported_network, saved, small_network


@pytest.mark.parametrize(
    "prefix",
    [
        "_orig_mod.module.",
        "model._orig_mod.",
        "module.model.module.",
        "backbone.",
        "net.model.encoder.",
        "a.b.c.d.",
    ],
)
@pytest.mark.parametrize("key", ["state_dict", "params", "model_state", "ema.weights"])
def test_any_prefix_and_any_key_are_taken_off_and_said(
    network: nn.Module, tmp_path: Path, prefix: str, key: str
) -> None:
    content: Any = {prefix + name: value for name, value in network.state_dict().items()}
    for part in reversed(key.split(".")):
        content = {part: content, "epoch": 3}
    done = imported_network(saved(content, tmp_path))
    assert gives_the_same(network, done)
    assert f"from {key!r}" in done.report.lines[0]
    assert "without the prefix" in done.report.lines[0]


def test_wrappers_inside_of_names_are_taken_off_too(network: nn.Module, tmp_path: Path) -> None:
    named = {
        name.replace("layer1.", "layer1._checkpoint_wrapped_module."): value
        for name, value in network.state_dict().items()
    }
    assert gives_the_same(network, imported_network(saved(named, tmp_path)))


def test_raw_weights_are_taken_before_averaged_ones_and_the_key_chooses(tmp_path: Path) -> None:
    """As timm's train script writes them."""
    raw, averaged = small_network(), small_network(num_classes=3)
    nn.init.normal_(averaged.get_parameter("fc.weight"))
    optimizer = torch.optim.AdamW(raw.parameters())
    content = {
        "epoch": 3,
        "arch": "test_resnet",
        "state_dict_ema": averaged.state_dict(),
        "state_dict": raw.state_dict(),
        "optimizer": optimizer.state_dict(),
        "args": argparse.Namespace(lr=0.1, output=pathlib.Path("out")),
        "metric": np.float64(81.5),
    }
    path = saved(content, tmp_path)
    done = imported_network(path)
    assert gives_the_same(raw, done)
    said = "\n".join(done.report.lines)
    assert (
        "the file also has weights under 'state_dict_ema' (averaged); choose by its key (--weights-key)"
        in said
    )
    assert "left out (not weights): epoch, arch, optimizer, args and 1 more" in said
    assert gives_the_same(averaged, imported_network(path, weights_key="state_dict_ema"))
    with pytest.raises(
        CheckpointError, match=r"no weights under the key 'x'; there is 'state_dict' \(\d+ tensors\)"
    ):
        imported_network(path, weights_key="x")


def test_of_a_network_and_its_average_in_one_state_dict_the_raw_one_is_taken(tmp_path: Path) -> None:
    raw, averaged = small_network(), small_network()
    nn.init.normal_(averaged.get_parameter("fc.weight"))
    both = {f"ema_model.module.{name}": value for name, value in averaged.state_dict().items()}
    both |= {f"model.{name}": value for name, value in raw.state_dict().items()}
    path = saved({"state_dict": both, "pytorch-lightning_version": "2.6"}, tmp_path)
    assert gives_the_same(raw, imported_network(path))
    assert gives_the_same(averaged, imported_network(path, weights_key="state_dict.ema_model"))


def test_a_head_beside_the_backbone_is_found(tmp_path: Path) -> None:
    backbone, head = small_network(num_classes=0), nn.Linear(64, 3)
    whole = {f"backbone.{name}": value for name, value in backbone.state_dict().items()}
    head = nn.Linear(small_network().get_parameter("fc.weight").shape[1], 3)
    whole |= {f"classifier.{name}": value for name, value in head.state_dict().items()}
    done = imported_network(saved({"state_dict": whole}, tmp_path))
    backbone.fc = head
    assert gives_the_same(backbone, done)
    assert "it has its head in 'classifier', beside the backbone" in done.report.lines
