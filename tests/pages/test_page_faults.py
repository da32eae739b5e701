"""An error that nobody expected closes one page, in words and with a number; the others open."""

import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages._ui import errors, home, shell
from tests.support.pages.looking import opened


def fail(*_given: object) -> None:
    raise KeyError("nobody expected this")


@pytest.mark.usefixtures("_may_fail")
def test_a_fault_is_shown_with_its_number_beside_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_draw_model", fail)
    page = opened("app.py")
    assert not page.exception
    said = page.error[0].value
    assert re.search(r"Unexpected error \*\*[0-9a-f]{6}\*\* while the page Home was drawn", said)
    assert "KeyError" not in page.error[0].value
    assert page.title[0].value == "Why does it see that?"
    assert page.selectbox(key="checkpoint").value
    assert not page.switch_page("pages/train.py").run().error


@pytest.mark.usefixtures("_may_fail")
def test_a_fault_of_the_sidebar_closes_no_other_page_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(shell.own_model, "button", fail)
        page = opened("pages/train.py")
        assert "while the sidebar was drawn" in page.error[0].value
    assert not page.run().error


def test_a_disk_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device", "/data/x_y")

    monkeypatch.setattr(home, "_draw_model", full)
    page = opened("app.py")
    assert [each.value.replace("\\", "") for each in page.error] == [
        "Cannot read or write '/data/x_y': no space left on device."
    ]


@pytest.mark.usefixtures("_may_fail")
def test_a_fault_in_a_part_that_is_drawn_by_itself_stays_there() -> None:
    def script() -> None:
        import streamlit as st

        from pages._ui import errors

        @st.fragment
        @errors.guarded
        def part() -> None:
            raise KeyError("nobody expected this")

        part()
        st.caption("the rest")

    page = AppTest.from_function(script).run()
    assert "while a part of the page was drawn" in page.error[0].value
    assert [each.value for each in page.caption] == ["the rest"]


@pytest.mark.usefixtures("_may_fail")
def test_a_fault_in_a_click_leads_to_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server calls this where Streamlit has caught an error outside of `shell.page`."""
    error = KeyError("nobody expected this")
    monkeypatch.setattr(home, "draw", lambda: errors.show_outside_of_pages(error))
    page = opened("app.py")
    assert "while your last click was handled" in page.error[0].value
    assert [each.proto.label for each in page.get("page_link")] == [
        each.title for each in shell.PAGES.values()
    ]


def test_a_page_that_stops_or_runs_again_has_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def draw_loaded(_name: str) -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            st.rerun()
        st.caption(f"run {len(runs)}")
        st.stop()

    monkeypatch.setattr(home, "_draw_model", draw_loaded)
    page = opened("app.py")
    assert [each.value for each in page.caption] == ["run 2"]
    assert not page.error
