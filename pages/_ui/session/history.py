"""The Back and Forward buttons of the browser."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def was_walked() -> bool:
    """Whether somebody has gone back or forward: then what is to be seen is what the address says."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def keeps(key: str) -> bool:
    """Whether a picker goes on showing what it has; else it shows what the address says, or its default."""
    return key in st.session_state and not was_walked()
