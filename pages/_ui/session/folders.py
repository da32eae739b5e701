"""Folders that a person types: whether they may be opened, and who sees the images in them.

Who opens a page of a server of their own owns the machine, and what one session types is remembered for all.
Where the server has visitors (`places.has_visitors`), a session sees images only of folders that it has named
itself, and of the public data sets; what it types is remembered in that session alone.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import places
from core.data.sources import catalogue

_NAMED, _KEPT = "named_folders", "kept_folders"


def taken(text: str) -> Path:
    """The folder that a person typed, which this session may see from now on; DataError says why not."""
    place = places.named_folder(text)
    st.session_state.setdefault(_NAMED, set()).add(place)
    return place


def keep(key: str, place: Path, remember: Callable[[], None]) -> None:
    """Keep a folder for what ``key`` names: for all sessions by ``remember``, for visitors in their own."""
    if places.has_visitors():
        st.session_state.setdefault(_KEPT, {})[key] = place
    else:
        remember()


def kept(key: str) -> Path | None:
    """The folder that this session alone has kept there."""
    found: Path | None = st.session_state.get(_KEPT, {}).get(key) if places.has_visitors() else None
    return found


def may_be_seen(root: Path | None) -> bool:
    """Whether this session may see images below ``root``; None is data that come with a package."""
    if root is None or not places.has_visitors():
        return True
    known = (catalogue.data_root().resolve(), *st.session_state.get(_NAMED, ()))
    return any(root.resolve().is_relative_to(each) for each in known)
