"""Work in a process of its own: start it, and resume or delete what was interrupted."""

from collections.abc import Callable

import streamlit as st

from core.errors import CoreError
from pages._ui import words


def start(action: Callable[[], None]) -> None:
    """Start the process and draw the page again; say why if that fails."""
    try:
        with st.spinner("Finding the images, loading the model…"):
            action()
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def draw_interrupted(
    sentence: str, *, key: str, name: str, resume: Callable[[], None], forget: Callable[[], None]
) -> None:
    """Say what was interrupted, with buttons that resume and delete it.

    Their keys contain ``key`` and ``name``.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True):
        st.markdown(sentence)
        if st.button("Resume", icon=":material/resume:", key=f"{key}_go_on_{name}"):
            start(resume)
        st.button("Delete", key=f"{key}_forget_{name}", on_click=forget)
