"""The Back and Forward buttons of the browser."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def was_walked() -> bool:
    """Whether this run follows Back or Forward: then the page shows the state of the address."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def keeps(key: str) -> bool:
    """Whether a picker keeps its value; else it takes the value of the address, or its default."""
    return key in st.session_state and not was_walked()
