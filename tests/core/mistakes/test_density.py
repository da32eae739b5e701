"""Cells of a map with many points: counted by hand, and by a slow loop."""

from collections import Counter

import numpy as np

from core.mistakes.feature_space.data_map import UNKNOWN, Amounts, Categories
from core.mistakes.feature_space.density import SIDE, Cells, cells

POINTS = np.array([[0.001, 0.001], [0.999, 0.001], [0.002, 0.003], [1.0, 0.0], [0.004, 0.0]], np.float32)


def _two(first: Cells) -> tuple[list[int], list[int]]:
    return first.counts.tolist(), first.rows.tolist()


def test_points_close_together_are_one_cell_at_its_centre() -> None:
    made = cells(POINTS, Amounts(np.array([10, 100, 20, UNKNOWN, 30]), 0, 1))
    assert _two(made) == ([3, 2], [0, 1])
    half = 0.5 / SIDE
    np.testing.assert_allclose(made.centres, [[half, half], [1 - half, half]])
    assert isinstance(made.colouring, Amounts)
    assert made.colouring.shades.tolist() == [20, 100]  # Unknown numbers do not count.


def test_a_cell_without_a_known_number_is_unknown() -> None:
    made = cells(POINTS, Amounts(np.array([7, UNKNOWN, 7, UNKNOWN, 7]), 2, 5))
    assert isinstance(made.colouring, Amounts)
    assert made.colouring.shades.tolist() == [7, UNKNOWN]
    assert (made.colouring.low, made.colouring.high) == (2, 5)


def test_of_two_categories_a_cell_shows_the_share_of_the_second() -> None:
    made = cells(POINTS, Categories(("right", "wrong"), np.array([0, 1, 0, 1, 1])))
    assert isinstance(made.colouring, Amounts)
    assert made.colouring.shades.tolist() == [round(254 / 3), 254]


def test_many_samples_have_the_most_frequent_category_of_their_cell() -> None:
    random = np.random.default_rng(0)
    points, idx = random.uniform(0, 0.05, (5_000, 2)).astype(np.float32), random.integers(0, 5, 5_000)
    made = cells(points, Categories(tuple("abcde"), idx))
    inside: dict[tuple[int, int], Counter[int]] = {}
    for (x, y), category in zip((points * SIDE).astype(int).tolist(), idx.tolist(), strict=True):
        inside.setdefault((x, y), Counter())[category] += 1
    assert made.counts.sum() == 5_000
    assert len(made.counts) == len(inside)
    assert isinstance(made.colouring, Categories)
    for centre, count, category in zip(made.centres, made.counts, made.colouring.idx, strict=True):
        known = inside[tuple((centre * SIDE).astype(int).tolist())]
        assert count == known.total()
        assert known[int(category)] == max(known.values())
