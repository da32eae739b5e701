"""Make a report in a process of its own: start it, watch it, and say why it failed."""

from collections.abc import Callable

import streamlit as st

from core.files import places
from core.mistakes.reports import ReportPlace
from pages._ui import errors, words
from pages._ui.kit import background_work

_LIVE_S = 1.0


def is_under_way(place: ReportPlace, what: str) -> bool:
    """Show the progress of a report that is being made, or why it failed; whether it is being made."""
    if place.is_under_way():
        st.fragment(errors.guarded(_draw_progress), run_every=_LIVE_S)(place, what)
        return True
    if fault := place.complaint():
        st.error(words.capital(fault), icon=":material/error:")
    return False


def may_start() -> bool:
    """Whether this session may start a process; a visitor of a public server may not."""
    return not places.has_visitors()


def start(action: Callable[[], None]) -> None:
    """Start the process and draw the page again; say why if that fails."""
    background_work.start(action)


def _draw_progress(place: ReportPlace, what: str) -> None:
    if not place.is_under_way():
        st.rerun()
    progress = place.progress()
    st.progress(
        progress.share if progress else 0.0,
        text=f"{what}: {progress or 'starting'}. You can leave this page meanwhile.",
    )
