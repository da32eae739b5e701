"""Folders typed on a page: whether a session may open them and show their images.

A server without visitors serves the owner of the machine: a folder typed in one session is kept for all.
On a server with visitors (`places.has_visitors`), a session shows images only of folders typed in that
session, and of the public data sets; typed folders are kept in that session alone.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.data.sources import catalogue
from core.files import places

_NAMED, _KEPT = "named_folders", "kept_folders"


def taken(text: str) -> Path:
    """The folder of a typed path, which this session may show from now on; DataError says why not."""
    place = places.named_folder(text)
    st.session_state.setdefault(_NAMED, set()).add(place)
    return place


def keep(key: str, place: Path, remember: Callable[[], None]) -> None:
    """Keep a folder under ``key``: with ``remember`` for all sessions, for a visitor in this session."""
    if places.has_visitors():
        st.session_state.setdefault(_KEPT, {})[key] = place
    else:
        remember()


def kept(key: str) -> Path | None:
    """The folder that a visitor's session has kept under ``key``."""
    folder: Path | None = st.session_state.get(_KEPT, {}).get(key) if places.has_visitors() else None
    return folder


def may_be_seen(root: Path | None) -> bool:
    """Whether this session may show images below ``root``; None stands for data from a package."""
    if root is None or not places.has_visitors():
        return True
    known = (catalogue.data_root().resolve(), *st.session_state.get(_NAMED, ()))
    return any(root.resolve().is_relative_to(each) for each in known)
