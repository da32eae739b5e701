"""Groups kept as tests: their scores in this evaluation, and the form that keeps one."""

from collections.abc import Sequence

import streamlit as st

from core.evaluation.groups.group_test import GroupScore, summary, usual_percent
from core.files import places
from core.mistakes.results import Results
from core.predictions.evaluations import Evaluation
from core.predictions.groups import KeptGroup
from pages._ui import words
from pages._ui.mistakes.state import group_tests
from pages._ui.mistakes.state import groups as state

_LONGEST = 80  # Characters of a name.


def draw(results: Results, scores: Sequence[GroupScore], chosen: str) -> None:
    """Of each test whether it passed, its accuracy, and what can be changed; a click shows its samples."""
    if (fault := group_tests.take_fault()) is not None:
        st.error(words.sentence(fault), icon=":material/error:")
    if not scores:
        return
    with st.container(border=True, key="kept_groups", gap="small"):
        st.markdown(f"**Kept as tests**: {words.plain(summary(scores))}.")
        for number, score in enumerate(scores):
            _draw_row(results, score, number, is_chosen=score.test.name == chosen)


def draw_keep(evaluation: Evaluation, group: KeptGroup) -> None:
    """A form that keeps a group as a test."""
    if places.has_visitors():  # Tests are the same for all sessions: visitors change none.
        return
    with st.popover("Keep as test", icon=":material/bookmark_add:", key="keep_group"):
        st.caption("Each later evaluation is scored on these photos, and Compare shows them row by row.")
        named, least = _draw_fields(
            f"{evaluation.name}_{group.name}", group.name, usual_percent(group.error_outside)
        )
        st.button(
            "Keep", key="keep_group_sure", type="primary",
            on_click=group_tests.keep, args=(evaluation, group.name, named, least),
        )  # fmt: skip


def _draw_row(results: Results, score: GroupScore, number: int, *, is_chosen: bool) -> None:
    name = score.test.name
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.button(
            words.plain(words.shortened(name, 40)), key=f"kept_{number}", icon=_icon(score),
            type="primary" if is_chosen else "secondary",
            help="Show its samples beside", on_click=state.choose, args=(name,),
        )  # fmt: skip
        if not places.has_visitors():
            with st.popover("Change", key=f"kept_change_{number}", type="tertiary"):
                _draw_change(results, score, number)
    st.markdown(_numbers(score))


def _draw_change(results: Results, score: GroupScore, number: int) -> None:
    name = score.test.name
    named, least = _draw_fields(f"kept_{name}", name, score.test.percent)
    with st.container(horizontal=True):
        st.button(
            "Save", key=f"kept_save_{number}", type="primary",
            on_click=group_tests.change, args=(results, name, named, least),
        )  # fmt: skip
        st.button(
            "Delete", key=f"kept_drop_{number}", icon=":material/delete:",
            help="Keep this test no longer; the photos stay",
            on_click=group_tests.drop, args=(results, name),
        )  # fmt: skip


def _draw_fields(key: str, name: str, percent: int) -> tuple[str, str]:
    """Fields for a test's name and demand; gives their keys."""
    named, least = f"name_{key}", f"least_{key}"
    st.text_input("Name", name, key=named, max_chars=_LONGEST)
    st.number_input(
        "Right, at least, in percent", 1, 100, percent, key=least,
        help="At first: the accuracy of all other samples",
    )  # fmt: skip
    return named, least


def _icon(score: GroupScore) -> str:
    if not score.num_samples:
        return ":material/help:"
    return ":material/check_circle:" if score.has_passed else ":material/cancel:"


def _numbers(score: GroupScore) -> str:
    """``passed: 93% of 58 right (84% to 97%), 90% asked``."""
    if not score.num_samples:
        return "has no sample here"
    low, high = score.interval
    return (
        f"**{'passed' if score.has_passed else 'failed'}**: {words.percent(score.accuracy)} of "
        f"{score.num_samples:,} right ({words.percent(low)} to {words.percent(high)}), "
        f"{score.test.percent}% asked"
    )
