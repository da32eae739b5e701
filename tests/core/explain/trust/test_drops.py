"""Average drop and increase, by hand and as torchcam and pytorch-grad-cam count them on the same masks."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.cam import class_activation_map
from core.explain.maps.scaling import heatmap
from core.explain.trust.drops import Dimmed, dimmed
from tests.support.networks.tiny_models import GapCnn, InPlaceCnn, assert_unchanged, noise, seeded, snapshot

BATCH = noise(6, 3, 12, 16, seed=3) * 3


@pytest.fixture
def sure(model: GapCnn) -> GapCnn:
    """The probabilities differ by more than rounding."""
    with torch.no_grad():
        model.head.weight *= 20
    return model


def _heat(model: nn.Module) -> tuple[Tensor, list[int]]:
    classes = model(BATCH).argmax(1).tolist()
    maps = class_activation_map(model, BATCH, target_layer="backbone", class_idx=classes)
    return heatmap(maps, (12, 16)), classes


def test_average_drop_and_increase_are_as_by_hand() -> None:
    """A loss of a half, a gain, and no change: (1/2 + 0 + 0) / 3, and one of three."""
    scored = Dimmed(torch.tensor([0.8, 0.5, 0.3]), torch.tensor([0.4, 0.6, 0.3]))
    assert scored.average_drop == pytest.approx(1 / 6)
    assert scored.increase == pytest.approx(1 / 3)


def test_a_map_of_ones_drops_nothing_and_one_of_zeros_leaves_the_mean_colour() -> None:
    model = seeded(GapCnn)
    whole, nothing = (dimmed(model, BATCH, torch.full((6, 12, 16), fill), 1) for fill in (1.0, 0.0))
    assert torch.equal(whole.before, whole.after)
    assert (whole.average_drop, whole.increase) == (0, 0)
    expected = model(torch.zeros(1, 3, 12, 16).double()).softmax(1)[0, 1]
    torch.testing.assert_close(nothing.after, expected.detach().expand(6))


def test_torchcam_counts_the_same(sure: GapCnn) -> None:
    peer = pytest.importorskip("torchcam.metrics")
    heat, classes = _heat(sure)

    class GivesOurs:
        """An extractor whose maps are ours."""

        model = sure

        def __call__(self, *_arguments: Any, **_options: Any) -> list[Tensor]:  # noqa: ANN401 (the peer's)
            return [heat]

        def fuse_cams(self, cams: list[Tensor]) -> Tensor:
            return cams[0]

        def _hooks_off(self) -> torch.no_grad:
            return torch.no_grad()

    metric = peer.ClassificationMetric(GivesOurs(), partial(torch.softmax, dim=-1))
    metric.update(BATCH, classes)
    scored = dimmed(sure, BATCH, heat, classes)
    assert metric.summary() == pytest.approx(
        {"avg_drop": scored.average_drop, "conf_increase": scored.increase}, abs=1e-6
    )
    assert 0.01 < scored.average_drop < 0.9


def test_pytorch_grad_cam_counts_the_same_losses(sure: GapCnn) -> None:
    """It does not divide by the probability: the losses themselves, of each photo."""
    metrics = pytest.importorskip("pytorch_grad_cam.metrics.cam_mult_image")
    heat, classes = _heat(sure)
    targets = [lambda logits, chosen=chosen: logits.softmax(0)[chosen] for chosen in classes]
    asked = (BATCH, heat.detach().numpy(), targets, sure)
    scored = dimmed(sure, BATCH, heat, classes)
    losses = (scored.before - scored.after).relu().numpy()
    np.testing.assert_allclose(metrics.DropInConfidence()(*asked), losses, atol=1e-6)
    assert metrics.IncreaseInConfidence()(*asked).mean() == pytest.approx(scored.increase)
    assert losses.max() > 0.01


def test_a_network_in_use_and_the_photos_are_left_as_they_were() -> None:
    model, untouched = seeded(InPlaceCnn).train(), BATCH.clone()
    before = snapshot(model)
    dimmed(model, BATCH, torch.ones(6, 12, 16), 0)
    assert_unchanged(model, before)
    assert torch.equal(BATCH, untouched)
