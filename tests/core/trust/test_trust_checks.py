"""Sanity, stability and the class's part in the maps of one photo."""

import math

import pytest
import torch

from core.checkpoints.store import Checkpoint
from core.explanation.forward_pass import ForwardPass, forward_pass
from core.trust.pairs import MethodAtLayer
from core.trust.testing.checks import checks, maps_of
from tests.support.networks.tiny_models import noise

PAIRS = tuple(MethodAtLayer(method, "block2") for method in ("grad_cam", "eigen_cam", "layer_cam"))


@pytest.fixture
def passed(loaded: Checkpoint) -> ForwardPass:
    """A pass over one photo of noise."""
    return forward_pass(loaded, noise(1, 1, 28, 28).float(), ["block2"])


def test_a_method_that_ignores_the_class_shows_the_same_for_another(passed: ForwardPass) -> None:
    """Eigen-CAM is the first principal component of the activations, whatever the class."""
    class_idx = int(passed.traced.logits.argmax())
    checked = checks(passed, maps_of(passed, PAIRS, class_idx), seed=0)
    assert checked[PAIRS[1]].class_correlation == pytest.approx(1)
    assert checked[PAIRS[0]].class_correlation < 0.9


def test_the_checks_are_those_of_a_pair_alone_and_a_seed_gives_the_same(passed: ForwardPass) -> None:
    class_idx = int(passed.traced.logits.argmax())
    together = checks(passed, maps_of(passed, PAIRS, class_idx), seed=3)
    for pair in PAIRS:
        alone = checks(passed, maps_of(passed, [pair], class_idx), seed=3)
        assert alone[pair] == together[pair]
    assert -1 <= together[PAIRS[1]].sanity < 0.9
    assert 0.5 < together[PAIRS[1]].stability <= 1


def test_an_empty_picture_cannot_be_checked(passed: ForwardPass) -> None:
    maps = {PAIRS[0]: -torch.ones(passed.traced.activations["block2"].shape[2:])}
    assert math.isnan(checks(passed, maps, seed=0)[PAIRS[0]].class_correlation)
