"""Searches on sets of numbers whose answer is known."""

import torch
from torch import Tensor

from core.explain.smallest.search import pruned, shortest_starts, starts


def _needs(*units: int) -> "Counting":
    return Counting(frozenset(units))


class Counting:
    """Holds where all the needed units are in the set; counts the sets it was asked about."""

    def __init__(self, needed: frozenset[int]) -> None:
        self.needed, self.num_asked = needed, 0

    def __call__(self, chosen: Tensor) -> Tensor:
        """The number of needed units in each set, less all of them: 0 where it holds."""
        self.num_asked += len(chosen)
        return chosen[:, list(self.needed)].sum(1) - len(self.needed)


def test_the_shortest_start_ends_with_the_last_unit_that_is_needed() -> None:
    orders = torch.stack([torch.arange(200), torch.arange(200).flip(0)])
    needed = _needs(17, 3, 40)
    assert shortest_starts(orders, needed) == [41, 197]
    assert needed.num_asked < 35


def test_an_order_that_never_holds_has_no_start() -> None:
    assert shortest_starts(torch.arange(5)[None], lambda chosen: -torch.ones(len(chosen))) == [None]


def test_what_holds_without_any_unit_starts_with_none() -> None:
    assert shortest_starts(torch.arange(5)[None], lambda chosen: torch.zeros(len(chosen))) == [0]


def test_a_start_has_the_first_units_of_its_order() -> None:
    orders = torch.tensor([[2, 0, 1], [1, 2, 0]])
    assert starts(orders, [1, 2]).tolist() == [[False, False, True], [False, True, True]]


def test_pruning_leaves_what_is_needed() -> None:
    needed = _needs(17, 3, 40)
    left = pruned(torch.ones(100).bool(), needed)
    assert left.nonzero()[:, 0].tolist() == [3, 17, 40]
    assert needed.num_asked < 150


def test_pruning_keeps_one_of_two_units_that_do_the_same() -> None:
    def either(chosen: Tensor) -> Tensor:
        return (chosen[:, 1] | chosen[:, 4]).double() - 1

    assert int(pruned(torch.ones(6).bool(), either).sum()) == 1


def test_a_set_that_needs_all_of_its_units_stays() -> None:
    chosen = torch.tensor([True, False, True, True])
    torch.testing.assert_close(pruned(chosen, _needs(0, 2, 3)), chosen)
