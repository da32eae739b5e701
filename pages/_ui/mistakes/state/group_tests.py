"""The groups that a checkpoint keeps as tests: their scores in memory, and changes from the page."""

from collections.abc import Callable

import streamlit as st

from core.errors import CoreError
from core.evaluation.groups.group_test import GroupScore
from core.mistakes.results import Results
from core.predictions import group_tests
from core.predictions.evaluations import Evaluation
from pages._ui.session.evaluation import result_cache

_FAULT = "group_test_fault"


def scores_of(results: Results) -> list[GroupScore]:
    """The scores of the shown split on each test, from memory if neither tests nor table have changed."""
    key = f"{result_cache.key_of(results)} {group_tests.stamp(results.evaluation.of)}"
    return _scores(key, results)


def keep(evaluation: Evaluation, group: str, name_key: str, percent_key: str) -> None:
    """Keep a group as a test by the name and the demand that were entered; before the page is drawn."""
    name, percent = str(st.session_state[name_key]), int(st.session_state[percent_key])
    _tried(lambda: group_tests.keep(evaluation, group, name=name, percent=percent))


def change(results: Results, name: str, name_key: str, percent_key: str) -> None:
    """Give a test the name and the demand that were entered; before the page is drawn."""
    new, percent = str(st.session_state[name_key]), int(st.session_state[percent_key])
    _tried(lambda: group_tests.change(results.evaluation.of, name, new=new, percent=percent))


def drop(results: Results, name: str) -> None:
    """Keep a test no longer; before the page is drawn."""
    _tried(lambda: group_tests.drop(results.evaluation.of, name))


def take_fault() -> CoreError | None:
    """Why the last change failed; once."""
    fault: CoreError | None = st.session_state.pop(_FAULT, None)
    return fault


def _tried(action: Callable[[], object]) -> None:
    try:
        action()
    except CoreError as error:
        st.session_state[_FAULT] = error


@st.cache_resource(max_entries=8, show_spinner=False)
def _scores(key: str, _results: Results) -> list[GroupScore]:  # noqa: ARG001 (the key of the cache)
    return group_tests.scores(_results.evaluation, _results.table)
