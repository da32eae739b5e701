"""Which evaluation of a checkpoint is looked at, and which one is waited for."""

import streamlit as st

from core import checkpoint, evaluations
from core.predicting import background

# A name in the address; it must not be the key of a widget.
EVALUATION = "evaluation"
PICKED = "evaluated_on"
_WAITED_FOR = "evaluation_waited_for"


def wait_for(of: str, name: str) -> None:
    """Look at this evaluation of a checkpoint once it is there."""
    st.session_state[_WAITED_FOR] = (of, name)


def complaint(of: str) -> str:
    """Why the evaluation that is waited for has ended without results; empty if it has not."""
    waited_of, name = st.session_state.get(_WAITED_FOR, ("", ""))
    folder = checkpoint.find(of)
    if of != waited_of or evaluations.is_under_way(folder, name):
        return ""
    del st.session_state[_WAITED_FOR]
    return "" if evaluations.known(folder, name) else background.complaint(folder, name)
