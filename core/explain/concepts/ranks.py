"""How many concepts: as many as are found again in other photos, and describe more of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from core.explain.concepts.factors import as_cells, described, directions

USUAL_RANKS = (4, 6, 8, 12, 16, 24)
_STABLE = 0.8
_WORTH = 0.01


@dataclass(frozen=True, slots=True)
class RankScore:
    """How well so many concepts do.

    Attributes:
        rank: the number of concepts.
        described: share of a photo's squared activations that concepts of the other half describe; the mean.
        stability: mean cosine between each concept of one half and its partner in the other, 0 to 1.
    """

    rank: int
    described: float
    stability: float


def rank_scores(maps: Tensor, ranks: Sequence[int] = USUAL_RANKS, *, seed: int = 0) -> list[RankScore]:
    """The scores of numbers of concepts, on halves of photos' maps (N, K, h, w).

    Numbers above the cells or channels of a half are left out.

    Raises:
        ValueError: there are fewer than two photos.
    """
    if len(maps) < 2:
        raise ValueError(f"{len(maps)} photos cannot be halved; two are needed")
    order = torch.randperm(len(maps), generator=torch.Generator().manual_seed(seed))
    halves = [maps[part] for part in order.tensor_split(2)]
    most = min(min(as_cells(half).shape) for half in halves)
    return [_score(halves, rank, seed) for rank in ranks if rank <= most]


def _score(halves: Sequence[Tensor], rank: int, seed: int) -> RankScore:
    first, second = (directions(as_cells(half), rank, seed=seed) for half in halves)
    shares = torch.cat([described(halves[1], first), described(halves[0], second)])
    return RankScore(rank, float(shares.mean()), float(matched(first, second).mean()))


def matched(first: Tensor, second: Tensor) -> Tensor:
    """The cosine (R,) of each concept of ``first`` (R, K) with its partner in ``second`` (R, K).

    Partners are chosen so that their cosines sum to the most.
    """
    cosines = first @ second.T
    rows, columns = linear_sum_assignment(cosines.numpy(), maximize=True)
    return cosines[torch.from_numpy(rows), torch.from_numpy(columns)]


def chosen(scores: Sequence[RankScore]) -> int:
    """The largest number whose concepts are found again, as long as each step describes a hundredth more.

    Found again means a stability of 0.8; where no number has it, the most stable is taken.

    Raises:
        ValueError: there are no scores.
    """
    if not scores:
        raise ValueError("no number of concepts was tried")
    ordered = sorted(scores, key=lambda score: score.rank)
    stable = [score for score in ordered if score.stability >= _STABLE]
    if not stable:
        return max(ordered, key=lambda score: score.stability).rank
    best = stable[0]
    for score in stable[1:]:
        if score.described < best.described + _WORTH:
            break
        best = score
    return best.rank
