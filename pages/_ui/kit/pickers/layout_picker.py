"""The picker of a folder's layout, where the folder can be read in several ways."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages._ui import words
from pages._ui.session.data import layouts


def pick(folder: Path, key: str, known: Sequence[str] = ()) -> str | None:
    """The layout of a folder, empty where it has only one; None until a layout is chosen.

    Raises:
        CoreError: the folder cannot be read, or has no labelled images.
    """
    there = layouts.choices(folder, tuple(known))
    if not there:
        return ""
    return st.radio(
        "This folder can be read in several ways. Choose one.",
        [each.name for each in there],
        index=None,
        format_func={each.name: words.capital(each.meaning) for each in there}.__getitem__,
        captions=[words.plain(each.result) for each in there],
        key=f"{key}_{folder}",
    )
