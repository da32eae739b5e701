"""The layouts of a typed folder, at most a minute old."""

from pathlib import Path

import streamlit as st

from core.data.sources import catalogue
from core.data.sources.folder.layout import Choice

_FOLDERS_CHANGE_S = 60


@st.cache_data(max_entries=8, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking at the folder…")
def choices(folder: Path, known: tuple[str, ...]) -> list[Choice]:
    """The layouts that the folder may have; none where only one fits, such as by the ``known`` classes."""
    return catalogue.choices(folder, known=known)
