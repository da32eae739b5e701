"""How far two maps agree: as SciPy and scikit-image count it, and what a constant map is worth."""

import math

import torch
from scipy.stats import spearmanr

from core.explain.trust.agreement import rank_correlation, similarity
from tests.support.networks.tiny_models import noise


def test_rank_correlation_is_scipys_with_ties_too() -> None:
    maps, others = noise(3, 5, 6).round(), noise(3, 5, 6, seed=1).round()
    expected = [
        spearmanr(one.flatten(), other.flatten()).statistic for one, other in zip(maps, others, strict=True)
    ]
    assert min(map(abs, expected)) > 0.02
    torch.testing.assert_close(rank_correlation(maps, others), torch.tensor(expected, dtype=torch.float64))


def test_only_the_order_of_the_cells_counts() -> None:
    maps = noise(2, 5, 6)
    assert rank_correlation(maps, maps.exp()).sub(1).abs().max() < 1e-12
    assert rank_correlation(maps, -3 * maps).add(1).abs().max() < 1e-12


def test_a_constant_map_keeps_nothing_and_has_nothing_to_be_kept() -> None:
    """0 is the mean of the correlation over all ways to break the ties of the constant map."""
    order, constant = torch.tensor([[[3.0, 1, 2]]]), torch.full((1, 1, 3), 4.0)
    assert rank_correlation(order, constant).item() == 0
    assert math.isnan(rank_correlation(constant, order).item())
    broken = torch.tensor([[[0.0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]])
    assert abs(rank_correlation(order.expand_as(broken), broken).mean()) < 1e-12


def test_similarity_is_one_for_the_same_magnitudes_and_little_for_noise() -> None:
    maps = noise(2, 20, 16)
    torch.testing.assert_close(similarity(maps, -2 * maps), torch.ones(2, dtype=torch.float64))
    assert similarity(maps, noise(2, 20, 16, seed=1)).abs().max() < 0.2


def test_similarity_of_a_map_that_is_one_window_is_the_formula() -> None:
    """(2 µν + c)(2 s + d) / ((µ² + ν² + c)(σ² + τ² + d)) with c = 0.01², d = 0.03² (Wang 2004, eq. 13)."""
    one, other = noise(7, 7).abs(), noise(7, 7, seed=1).abs()
    x, y = (map_ / map_.max() for map_ in (one, other))
    covariance = torch.stack([x.flatten(), y.flatten()]).cov(correction=0)
    structure = (2 * covariance[0, 1] + 0.03**2) / (covariance.trace() + 0.03**2)
    brightness = (2 * x.mean() * y.mean() + 0.01**2) / (x.mean() ** 2 + y.mean() ** 2 + 0.01**2)
    torch.testing.assert_close(similarity(one[None], other[None]), (structure * brightness)[None])


def test_maps_of_few_cells_and_maps_without_any_evidence_can_be_compared() -> None:
    small = noise(1, 4, 2)
    assert abs(similarity(small, small).item() - 1) < 1e-12
    assert similarity(noise(1, 9, 9), torch.zeros(1, 9, 9)).abs().item() < 0.1
