"""The ways to read a folder that somebody has typed, as they were at most a minute ago."""

from pathlib import Path

import streamlit as st

from core.data.sources import catalogue
from core.data.sources.folder.layout import Choice

_FOLDERS_CHANGE_S = 60


@st.cache_data(max_entries=8, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking at the folder…")
def choices(folder: Path, known: tuple[str, ...]) -> list[Choice]:
    """The ways to read it; none where it is clear, as by the classes that are known."""
    return catalogue.choices(folder, known=known)
