"""Planted concepts are found, and as many of them as there are."""

import pytest
import torch
from torch import Tensor

from core.explain.concepts.factors import as_cells, described, directions
from core.explain.concepts.ranks import RankScore, chosen, matched, rank_scores


def _planted(num_concepts: int, num_photos: int = 40) -> tuple[Tensor, Tensor]:
    """Concepts (R, K) of four channels each, and maps (N, K, h, w): in each cell one or two of them."""
    generator = torch.Generator().manual_seed(num_concepts)
    concepts = torch.zeros(num_concepts, 4 * num_concepts)
    for concept in range(num_concepts):
        concepts[concept, 4 * concept : 4 * concept + 4] = 0.5 + torch.rand(4, generator=generator)
    concepts /= concepts.norm(dim=1, keepdim=True)
    amounts = torch.rand(num_photos, num_concepts, 3, 3, generator=generator)
    amounts *= torch.rand(amounts.shape, generator=generator) < 0.3
    noise = 0.01 * torch.rand(num_photos, 4 * num_concepts, 3, 3, generator=generator)
    return concepts, torch.einsum("nrhw,rk->nkhw", amounts, concepts) + noise


def test_planted_concepts_are_found() -> None:
    concepts, maps = _planted(5)
    found = directions(as_cells(maps), 5)
    assert matched(concepts, found).min() > 0.99
    assert described(maps, found).min() > 0.98


def test_as_many_are_chosen_as_were_planted() -> None:
    _, maps = _planted(5)
    scores = rank_scores(maps, (2, 3, 5, 8))
    assert chosen(scores) == 5
    best = next(score for score in scores if score.rank == 5)
    assert best.stability > 0.99
    assert best.described > 0.98


def test_partners_are_those_that_are_alike_in_any_order() -> None:
    concepts = torch.eye(4)
    torch.testing.assert_close(matched(concepts, concepts[[2, 0, 3, 1]]), torch.ones(4))


def test_without_a_stable_number_the_most_stable_is_taken() -> None:
    assert chosen([RankScore(4, 0.5, 0.3), RankScore(8, 0.6, 0.6), RankScore(16, 0.7, 0.2)]) == 8


def test_a_step_that_describes_little_more_is_the_end() -> None:
    scores = [
        RankScore(4, 0.5, 0.9),
        RankScore(8, 0.6, 0.9),
        RankScore(12, 0.605, 0.9),
        RankScore(16, 0.9, 0.7),
    ]
    assert chosen(scores) == 8


def test_one_photo_cannot_be_halved() -> None:
    with pytest.raises(ValueError, match="1 photos cannot be halved"):
        rank_scores(torch.rand(1, 4, 2, 2))
