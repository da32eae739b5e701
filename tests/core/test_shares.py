"""Shares in percent are rounded, but nothing and everything are only said of exactly that."""

import math

import pytest

from core.shares import percent, whole_percent


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
