"""The button that fixes a group of mistakes, and the way to the comparison that shows what it did."""

from functools import partial

import streamlit as st

from core.evaluation.comparing.proof import ALL_SAMPLES
from core.mistakes.comparable import address
from core.predictions.evaluations import Evaluation
from core.training.fixes import background
from core.training.fixes.kinds import KINDS
from core.training.runs import free_name
from pages._ui import errors, words
from pages._ui.kit import background_work
from pages._ui.mistakes.state import fixes
from pages._ui.session import values
from pages._ui.session.evaluation import evaluated

_LIVE_S = 1.0
_KIND = "fix_kind"


def draw(evaluation: Evaluation, group: str, key: str, *, first: str = "head", label: str = "Fix") -> None:
    """Draw the button for a group, whose ``key`` is unique; once a fix is started, its progress.

    When the fix is proved, Compare opens. The kind ``first`` is chosen at first, where it is possible.
    """
    name = fixes.awaited(evaluation, group)
    if name:
        st.fragment(errors.guarded(_watch), run_every=_LIVE_S)(evaluation, name)
        return
    if said := fixes.failed(evaluation, group):
        st.error(words.capital(said), icon=":material/error:")
    if st.button(
        label, icon=":material/build:", key=f"fix_{key}",
        help="Choose what to change. Makes a new model and proves it; this one stays.",
    ):  # fmt: skip
        _ask(evaluation, group, first)


@st.dialog("What should change?", icon=":material/build:", width="medium")
@errors.guarded
def _ask(evaluation: Evaluation, group: str, first: str) -> None:
    """Ask for the kind of fix: those that are possible to choose from, the others with what they lack."""
    where = "all samples" if group == ALL_SAMPLES else f"the group **{words.plain(group)}**"
    st.markdown(
        f"For {where}. The fix makes a new model; this one stays. What proves it are samples that it did not "
        "use."
    )
    means = fixes.means(evaluation, group)
    lacking = {by: kind.lacks(means) for by, kind in KINDS.items()}
    possible = [by for by, reason in lacking.items() if not reason]
    if possible:
        chosen = st.radio(
            "Change", possible, index=possible.index(first) if first in possible else 0, key=_KIND,
            format_func=lambda by: KINDS[by].title, captions=[_caption(by) for by in possible],
            label_visibility="collapsed",
        )  # fmt: skip
        if st.button("Make the fix", type="primary", icon=":material/play_arrow:", key="make_fix"):
            by = values.choice(chosen, KINDS)
            background_work.start(partial(_start, evaluation, group, by))
    missing = {by: reason for by, reason in lacking.items() if reason}
    if missing:
        st.markdown("**Not possible here**" if possible else "**Nothing can be fixed here**")
        for by, reason in missing.items():
            st.caption(f"**{KINDS[by].title}**: {words.plain(reason)}.")


def _caption(by: str) -> str:
    return words.plain(f"{KINDS[by].does} Needs {KINDS[by].needs_in_words}.")


def _start(evaluation: Evaluation, group: str, by: str) -> None:
    name = free_name(f"{evaluation.of.name}-fixed")
    files = fixes.means(evaluation, group)
    background.start(
        evaluation.of, group, by=by, name=name, evaluation=evaluation.name,
        corrections=files.decisions if by == "corrections" else None,
    )  # fmt: skip
    fixes.wait_for(evaluation, group, name)


def _watch(evaluation: Evaluation, name: str) -> None:
    """Say how far the fix is; when it is done, open Compare."""
    if background.is_under_way(name):
        said = background.how_far(name)
        st.info(f"**{words.plain(name)}** is being made: {said}.", icon=":material/hourglass_top:")
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
