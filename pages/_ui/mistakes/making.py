"""Reports that take minutes: each is made by a process that the page starts, watches and can stop."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.files import places
from core.files.stored import Json
from core.mistakes import reports
from core.mistakes.reports import ReportPlace
from core.mistakes.results import Results
from pages._ui import errors, words
from pages._ui.kit import background_work

_LIVE_S = 1.0


def offer(results: Results, name: str, what: str, draw_form: Callable[[Results], None]) -> Json | None:
    """The last report of this name on an evaluation; above it, its progress or the form that starts it.

    ``what`` says what the process does.
    """
    if not is_under_way(results, name, what) and may_start():
        draw_form(results)
    return last(results, name)


def last(results: Results, name: str) -> Json | None:
    """The last report of this name on an evaluation; None if there is none."""
    return reports.kept(results.evaluation, name).read()


def may_start() -> bool:
    """Whether this session may start and stop processes; a visitor of a public server may not."""
    return not places.has_visitors()


def start(results: Results, name: str, *options: str) -> None:
    """Start to make a report on an evaluation, and draw the page again; say why if that fails."""
    evaluation = results.evaluation
    of = (evaluation.of.name, "--evaluation", evaluation.name)
    background_work.start(partial(reports.kept(evaluation, name).start, *of, *options))


def is_under_way(results: Results, name: str, what: str) -> bool:
    """Show the progress of a report that is being made, or why it failed; whether it is being made."""
    place = reports.kept(results.evaluation, name)
    if place.is_under_way():
        st.fragment(errors.guarded(_draw_progress), run_every=_LIVE_S)(place, what)
        return True
    if fault := place.complaint():
        st.error(words.capital(fault), icon=":material/error:")
    return False


def _draw_progress(place: ReportPlace, what: str) -> None:
    if not place.is_under_way():
        st.rerun()
    progress = place.progress()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if progress:
            st.progress(progress.share, text=f"{what}: {progress}. You can leave this page meanwhile.")
        else:
            st.info(f"{what}. You can leave this page meanwhile.", icon=":material/hourglass_top:")
        if may_start():
            st.button("Stop", icon=":material/stop:", key=f"stop_{place.name}", on_click=place.stop)
