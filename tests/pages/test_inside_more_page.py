"""The Inside page beyond a channel's card: what stages see, weights as tiles, and the image of a class."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.explain.ascent import Ascended
from core.inside import field_sizes
from pages._ui.state import ascents, fields
from pages._ui.state.ascents import Place
from tests.pages.test_inside_page import opened, sent


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """As in test_inside_page: nothing is remembered of another test."""
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    ascents.forget()
    field_sizes._KNOWN.clear()
    yield
    ascents.forget()


@pytest.fixture
def _no_ascent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ascending a large network takes seconds; where that is not the question, it is a grey image."""

    def made(place: Place, _on_share: object) -> Ascended:
        return Ascended(place.channel, np.full((8, 8, 3), 128, np.uint8), 1.0, is_dead=False)

    monkeypatch.setattr(ascents, "made", made)


def stage_lines(page: AppTest) -> list[str]:
    """What stands below each stage of the map about its cells."""
    return [item["detail"].split("\n")[1] for item in sent(page, label="Stages")["items"]]


@pytest.mark.usefixtures("_no_ascent")
def test_the_map_and_the_column_say_what_a_cell_of_each_stage_sees() -> None:
    page = opened()
    expected = [f"sees {side} × {side} pixels" for side in (7, 19, 67)] + ["sees all of the image"] * 2
    assert stage_lines(page) == expected
    rows = sent(page, shown_in=".st-key-layer_view")["sheets"]
    assert [row["lines"][2] for row in rows] == expected


@pytest.mark.usefixtures("_no_ascent")
def test_the_map_is_drawn_before_anybody_has_looked_what_cells_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "find_for_a_while", lambda _loaded: False)
    page = opened()
    assert {line.strip() for line in stage_lines(page)} == {""}
    assert page.get("plotly_chart")
