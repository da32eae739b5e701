"""What a component or a table reports is read as what it offers; anything else is nothing."""

from types import SimpleNamespace

import pytest
import streamlit as st

from pages._ui.session import values

ODD = [
    None,
    "x",
    3,
    -1,
    True,
    [],
    [1],
    [1, 2, 3],
    [0, "1"],
    [1.0, 1],
    {"row": 1},
    [10**30, 0],
    [-2, 0],
    b"12",
]


def reported(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    monkeypatch.setattr(st, "session_state", {"key": SimpleNamespace(**fields)})


@pytest.mark.parametrize("odd", ODD)
def test_odd_reports_are_none(monkeypatch: pytest.MonkeyPatch, odd: object) -> None:
    reported(monkeypatch, picked=odd)
    assert values.picked_id("key", ["a", "b"]) is None
    assert values.picked_cell("key", 3, 4) is None
    assert values.picked_channel("key", {"conv": 8}) is None


def test_what_is_on_offer_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    reported(monkeypatch, picked="b")
    assert values.picked_id("key", ["a", "b"]) == "b"
    reported(monkeypatch, picked=[2, -1])
    assert values.picked_cell("key", 3, 4) == (2, -1)
    assert values.picked_cell("key", 2, 4) is None
    reported(monkeypatch, picked=["conv", 7])
    assert values.picked_channel("key", {"conv": 8}) == ("conv", 7)
    assert values.picked_channel("key", {"conv": 7}) is None
    reported(monkeypatch, picked=["conv", None])
    assert values.picked_channel("key", {"conv": 8}) == ("conv", None)


@pytest.mark.parametrize(
    ("rows", "cells", "expected"),
    [
        ([1], [], 1),
        ([], [(2, "name")], 2),
        ([3], [], None),
        ([-1], [], None),
        (["x"], [], None),
        ([], [], None),
    ],
)
def test_a_row_is_one_of_the_table(
    monkeypatch: pytest.MonkeyPatch, rows: list[object], cells: list[tuple[object, str]], expected: int | None
) -> None:
    reported(monkeypatch, selection=SimpleNamespace(rows=rows, cells=cells))
    assert values.row("key", 3) == expected


def test_a_share_is_between_0_and_1() -> None:
    odd = [float("nan"), float("inf"), None, "0.3", [0.3]]
    assert [values.share(each, 0.75) for each in odd] == [0.75] * 5
    assert [values.share(each, 0.75) for each in (0.25, -3, 1e9)] == [0.25, 0.0, 1.0]


def test_a_choice_is_one_of_the_options() -> None:
    assert [values.choice(each, {"a": "A", "b": "B"}) for each in ("b", "c", None, [], 3)] == ["b", *"aaaa"]


def test_typed_text_is_text() -> None:
    assert [values.text(each) for each in ("a", None, 3, ["a"])] == ["a", "", "", ""]


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ([[0, 0.5], [1, 2]], [(0.0, 0.5), (1.0, 2.0)]),
        ([[0, 0.5, 1]], []),
        ([[0, "1"]], []),
        ([[0, float("nan")]], []),
        ([[True, 1]], []),
        ([[0, 0]] * 1_001, []),
        ("ab", []),
        (None, []),
    ],
)
def test_an_outline_is_pairs_of_numbers(
    monkeypatch: pytest.MonkeyPatch, drawn: object, expected: list[tuple[float, float]]
) -> None:
    monkeypatch.setattr(values.st, "session_state", {"map": SimpleNamespace(outline=drawn)})
    assert values.outline("map") == expected


@pytest.mark.parametrize(
    ("picked", "expected"), [(0, 0), (2, 2), (3, None), (-1, None), (True, None), ("1", None)]
)
def test_a_picked_row_is_one_of_those_drawn(
    monkeypatch: pytest.MonkeyPatch, picked: object, expected: int | None
) -> None:
    monkeypatch.setattr(values.st, "session_state", {"map": SimpleNamespace(picked=picked)})
    assert values.picked_row("map", 3) == expected
