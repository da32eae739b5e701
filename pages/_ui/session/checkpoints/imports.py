"""The checkpoint that this session imported last, and the report on its file."""

import streamlit as st

from core.models import registry
from pages._ui.session.checkpoints import models

_ADDED, _REPORT = "added_checkpoint", "import_report"


def remember(name: str, lines: tuple[str, ...]) -> None:
    """Choose this new checkpoint at the next run, and keep the report on its file."""
    st.session_state[_ADDED] = name
    st.session_state[_REPORT] = (name, lines)


def choose_added() -> str | None:
    """Choose the new checkpoint, before the picker of checkpoints is drawn; gives its name, once."""
    if _ADDED not in st.session_state:
        return None
    name = str(st.session_state.pop(_ADDED))
    st.session_state[models.CHECKPOINT] = name
    return name


def lines_of(name: str) -> tuple[str, ...]:
    """What was read from the file of this checkpoint, if this session imported it last."""
    of, lines = st.session_state.get(_REPORT, ("", ()))
    return lines if of == name else ()


@st.cache_data(max_entries=1, show_spinner="Listing architectures…")
def architectures() -> list[str]:
    """The names of all architectures that weights can be imported for."""
    return registry.architectures()
