"""The button that fixes a group of mistakes, and the way to the comparison that shows what it did."""

from functools import partial

import streamlit as st

from core.mistakes.comparable import address
from core.predictions.evaluations import Evaluation
from core.training.fixes import background
from core.training.runs import free_name
from pages._ui import errors, words
from pages._ui.kit import background_work
from pages._ui.mistakes.state import fixes
from pages._ui.session.evaluation import evaluated

_LIVE_S = 1.0


def draw(evaluation: Evaluation, group: str, key: str) -> None:
    """Draw the button for a group, whose ``key`` is unique; once pressed, the progress; then open Compare."""
    name = fixes.awaited(evaluation, group)
    if name:
        st.fragment(errors.guarded(_watch), run_every=_LIVE_S)(evaluation, name)
        return
    if said := fixes.failed(evaluation, group):
        st.error(words.capital(said), icon=":material/error:")
    pressed = st.button(
        "Fix",
        icon=":material/build:",
        key=f"fix_{key}",
        help="Fits the last layer again, to half of the samples of this evaluation, so that the group counts "
        "as much as the rest. The other half shows whether that helped. Makes a new model; this one stays.",
    )
    if pressed:
        background_work.start(partial(_start, evaluation, group))


def _start(evaluation: Evaluation, group: str) -> None:
    name = free_name(f"{evaluation.of.name}-fixed")
    background.start(evaluation.of, group, by="head", name=name, evaluation=evaluation.name)
    fixes.wait_for(evaluation, group, name)


def _watch(evaluation: Evaluation, name: str) -> None:
    """Say that the fix is being made; when it is done, open Compare."""
    if background.is_under_way(name):
        st.info(
            f"**{words.plain(name)}** is being made: the last layer is fitted again, then evaluated.",
            icon=":material/hourglass_top:",
        )
        return
    proved = background.proved_in(name)
    if not proved:
        fixes.fail(background.complaint(name) or "the fix ended without a result")
        st.rerun()
    fixes.arrived(f"{name}/{proved}", address(evaluation))
    st.rerun()


def leave_when_proved() -> None:
    """Open Compare if a fix has been proved. Not from a fragment, which would lose the checkpoint."""
    if pair := fixes.proved():
        evaluated.compare_with(*pair)
        st.switch_page("pages/compare.py", query_params={})
