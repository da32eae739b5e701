"""The quick copy of a checkpoint's network: one for all questions, and gone with the checkpoint."""

import gc
import weakref
from dataclasses import replace

import torch
from torch import nn

from core.checkpoints.store import Checkpoint
from core.explanation.quick_network import quick_network
from tests.support.networks.tiny_models import GapCnn


def _of_own(small: Checkpoint, model: nn.Module) -> Checkpoint:
    return replace(small, model=model.eval().requires_grad_(requires_grad=False))


def _normed() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2),
    )


def test_it_is_made_once_and_has_the_networks_logits(small: Checkpoint) -> None:
    checkpoint = _of_own(small, _normed())
    quick = quick_network(checkpoint)
    assert quick is quick_network(replace(checkpoint)) is not checkpoint.model
    photo = torch.randn(checkpoint.blank_input().shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(quick(photo), checkpoint.model(photo))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in quick.modules())


def test_it_goes_with_the_network(small: Checkpoint) -> None:
    checkpoint = _of_own(small, _normed())
    gone = [weakref.ref(checkpoint.model), weakref.ref(quick_network(checkpoint))]
    del checkpoint
    gc.collect()
    assert [each() for each in gone] == [None, None]


def test_a_network_with_nothing_to_fold_is_its_own_copy_and_is_not_kept(small: Checkpoint) -> None:
    model = GapCnn().float()
    checkpoint = _of_own(small, model)
    assert quick_network(checkpoint) is checkpoint.model
    gone = weakref.ref(model)
    del checkpoint, model
    gc.collect()
    assert gone() is None
