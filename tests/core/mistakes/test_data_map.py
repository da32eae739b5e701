"""What the map of the data is coloured by: categories, and numbers as shades."""

import numpy as np

from core.mistakes.feature_space.data_map import _categories, amounts


def test_a_number_has_a_shade_by_its_place_between_the_ends() -> None:
    numbers = np.r_[np.linspace(2, 4, 101), np.nan, 1e9]
    shades = amounts(numbers)
    low, high = np.quantile(numbers[np.isfinite(numbers)], [0.01, 0.99])
    assert (shades.low, shades.high) == (low, high)
    assert shades.shades[50] == round(254 * (3 - low) / (high - low))
    assert shades.shades[[0, 101, 102]].tolist() == [0, 255, 254]


def test_numbers_that_are_all_equal_or_unknown_have_a_shade() -> None:
    assert amounts(np.ones(3)).shades.tolist() == [0, 0, 0]
    assert amounts(np.full(2, np.nan)).shades.tolist() == [255, 255]


def test_the_ten_most_frequent_categories_have_their_own_colour() -> None:
    few = _categories(["b", "a", "b"])
    assert (few.names, few.idx.tolist()) == (("b", "a"), [0, 1, 0])
    many = _categories([f"{number:02}" for number in range(12)] + ["11"] * 2)
    assert many.names == ("11", *(f"{number:02}" for number in range(9)), "others")
    assert many.idx.tolist() == [*range(1, 10), 10, 10, 0, 0, 0]
