"""Shares in percent are rounded, but nothing and everything are only said of exactly that."""

import math

import pytest

from core.shares import percent, three_digits, whole_percent


@pytest.mark.parametrize(
    ("share", "one_decimal", "whole"),
    [
        (0.5, "50.0%", "50%"),
        (0.9749, "97.5%", "97%"),
        (0.0, "0.0%", "0%"),
        (1.0, "100.0%", "100%"),
        (1e-9, "<0.1%", "<1%"),
        (1 - 1e-9, ">99.9%", ">99%"),
        (math.nan, "—", "—"),
    ],
)
def test_nothing_and_everything_are_only_said_of_exactly_that(
    share: float, one_decimal: str, whole: str
) -> None:
    assert (percent(share), whole_percent(share)) == (one_decimal, whole)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0812, "0.0812"), (0.5, "0.5"), (99.96, "100"), (4339.6, "4,340"), (-1e6, "-1,000,000")],
)
def test_measured_values_have_three_digits_and_no_power_of_ten(value: float, said: str) -> None:
    assert three_digits(value) == said
