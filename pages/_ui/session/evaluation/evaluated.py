"""The evaluation that a page shows, the one that it is compared with, and the one that it waits for."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from core.checkpoints import store
from core.errors import EvaluationError
from core.predictions import evaluations
from core.predictions.evaluating import background
from core.predictions.evaluations import Evaluation
from pages._ui.session.evaluation import choices

# A name in the address; it must not be the key of a widget.
EVALUATION = "evaluation"
PICKED = "evaluated_on"
# The picker of the evaluation that this one is compared with; and a pair that a link asked for though it
# does not match.
SECOND, LINKED_PAIR = "second_checkpoint", "compared_by_link"
_WRITTEN, _WAITED_FOR = "evaluation_in_address", "evaluation_waited_for"


def choose(names: list[str]) -> None:
    """Set the picker to the evaluation of the link, else leave it, else to the first; before it is drawn."""
    linked = st.query_params.get(EVALUATION)
    if linked in names and linked != st.session_state.get(_WRITTEN):
        st.session_state[PICKED] = linked
    if st.session_state.get(PICKED) not in names:
        st.session_state[PICKED] = names[0]


def missing(names: list[str]) -> str | None:
    """The evaluation that the link names, if the checkpoint has none of that name."""
    linked = st.query_params.get(EVALUATION)
    return None if linked in (None, *names, st.session_state.get(_WRITTEN)) else linked


def write_address(name: str) -> None:
    """Write the evaluation into the address."""
    if st.query_params.get(EVALUATION) != name:
        st.query_params[EVALUATION] = name
    st.session_state[_WRITTEN] = name


def look_at(name: str) -> None:
    """Show this evaluation; before its picker is drawn."""
    st.session_state[PICKED] = name
    another()


def another() -> None:
    """Clear the choices among the samples of another evaluation; before the pickers are drawn."""
    st.session_state.pop(choices.SPLIT, None)
    choices.choose_area(None)
    choices.open_sample(None)


def compare_with(second: str, first: str = "") -> None:
    """Compare with this evaluation from now on, even if it does not match ``first``; before its picker."""
    st.session_state[SECOND], st.session_state[LINKED_PAIR] = second, (first, second)


def delete(evaluation: Evaluation) -> None:
    """Delete an evaluation; do nothing where it cannot be deleted."""
    with suppress(EvaluationError):  # Another session has deleted it.
        evaluations.delete(evaluation.of, evaluation.name)
    another()


def forget(folder: Path, name: str) -> None:
    """Delete the partial results of an interrupted evaluation."""
    with suppress(EvaluationError):  # Another process continues it.
        evaluations.forget(folder, name)


def wait_for(of: str, name: str) -> None:
    """Show this evaluation of a checkpoint once it is finished."""
    st.session_state[_WAITED_FOR] = (of, name)


def arrived(of: str) -> str:
    """Show the awaited evaluation if it is finished; gives the reason if it ended without results."""
    waited_of, name = st.session_state.get(_WAITED_FOR, ("", ""))
    folder = store.find(of)
    if of != waited_of or evaluations.is_under_way(folder, name):
        return ""
    del st.session_state[_WAITED_FOR]
    if evaluations.known(folder, name) is None:
        return background.complaint(folder, name)
    look_at(name)
    return ""
