"""A heatmap has its peak at 1, drops negative evidence, and ignores positive scale."""

import pytest
import torch

from core.explain.maps.scaling import heatmap
from tests.support.networks.tiny_models import (
    noise,
)


def test_a_heatmap_is_the_same_for_any_positive_scale() -> None:
    maps = noise(3, 3, 4)
    torch.testing.assert_close(heatmap(maps * 1e-9, (9, 16)), heatmap(maps, (9, 16)))


@pytest.mark.parametrize("value", [-2.0, 0.0])
def test_a_map_without_positive_evidence_gives_zeros(value: float) -> None:
    assert torch.equal(heatmap(torch.full((2, 3, 4), value), (6, 8)), torch.zeros(2, 6, 8))


def test_each_heatmap_has_its_own_peak_and_drops_what_is_negative_before_it_grows() -> None:
    maps = torch.tensor([[[-4.0, 4.0]], [[1.0, 2.0]]])
    expected = torch.tensor([[[0, 0.25, 0.75, 1]], [[0.5, 0.625, 0.875, 1]]])
    torch.testing.assert_close(heatmap(maps, (1, 4)), expected)
