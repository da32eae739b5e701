"""Search for a small set of units that holds: the shortest start of an order, less what is not needed.

A set holds where its margin is not negative. Both searches try several sets at once: few, large batches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Margins = Callable[[Tensor], Tensor]  # Of each set of units, boolean (N, units): a number (N,).


@dataclass(slots=True)
class _Bounds:
    """Of one order: a length that does not hold, and one that does (None: none is known)."""

    low: int
    high: int | None = None

    def next(self, longest: int) -> int | None:
        """The length to try next: twice the last one, then between both; None at the end."""
        if self.high is None:
            return None if self.low == longest else min(longest, max(1, 2 * self.low))
        return None if self.high - self.low <= 1 else (self.low + self.high) // 2


def shortest_starts(orders: Tensor, margins: Margins) -> list[int | None]:
    """Of each order of all units (M, units), the length of the shortest start that holds.

    None where no tried length holds. A longer start usually holds too; where it does not, the length found is
    one that holds, with a shorter one that does not.
    """
    longest = orders.shape[1]
    known = [_Bounds(-1) for _ in orders]
    empty = bool(margins(starts(orders[:1], [0]))[0] >= 0)
    for bounds in known:
        bounds.low, bounds.high = (-1, 0) if empty else (0, None)
    while tried := [(place, size) for place, each in enumerate(known) if (size := each.next(longest))]:
        places, sizes = zip(*tried, strict=True)
        holding = (margins(starts(orders[list(places)], list(sizes))) >= 0).tolist()
        for place, size, holds in zip(places, sizes, holding, strict=True):
            if holds:
                known[place].high = size
            else:
                known[place].low = size
    return [each.high for each in known]


def starts(orders: Tensor, sizes: list[int]) -> Tensor:
    """Boolean (M, units): the first units of each order (M, units), as many as ``sizes`` says."""
    places = orders.argsort(1)
    return places < torch.tensor(sizes)[:, None]


def pruned(chosen: Tensor, margins: Margins) -> Tensor:
    """The set (units,) without groups of units that it holds without, from large groups to single ones.

    At the end it holds without none of its units. They are tried in the order of their numbers.
    """
    size = int(chosen.sum()) // 2
    while size:
        left = _without_one_round(chosen, size, margins)
        if bool((left == chosen).all()):
            size //= 2
        chosen = left
        size = min(size, int(chosen.sum()))
    return chosen


def _without_one_round(chosen: Tensor, size: int, margins: Margins) -> Tensor:
    """The set without as many groups of ``size`` units as it can lose together, the least needed first."""
    groups = chosen.nonzero()[:, 0].split(size)
    without = chosen.repeat(len(groups), 1)
    for row, group in zip(without, groups, strict=True):
        row[group] = False
    of_each = margins(without)
    order = [int(place) for place in of_each.argsort(descending=True) if of_each[place] >= 0]
    lost = 1 if order else 0
    while order and lost < len(order):
        more = min(len(order), 2 * lost)
        if margins(_without(chosen, [groups[place] for place in order[:more]]))[0] < 0:
            break
        lost = more
    return _without(chosen, [groups[place] for place in order[:lost]])[0]


def _without(chosen: Tensor, groups: list[Tensor]) -> Tensor:
    left = chosen.clone()
    for group in groups:
        left[group] = False
    return left[None]
