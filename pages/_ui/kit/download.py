"""Download a public data set: its size and licence, the progress, and a button to cancel."""

from collections.abc import Callable

import streamlit as st

from core import files
from core.data.downloads import background
from core.data.sources import catalogue
from core.errors import CoreError
from core.files import places
from pages._ui import errors, words

_LIVE_S = 1.0


def offer(name: str, place: str, *, on_end: Callable[[], None] = lambda: None) -> bool:
    """Offer the data set of this source, or show its progress; False where it has no download.

    ``place`` is part of the widgets' keys; ``on_end`` is called once the data set is on this machine.
    """
    if catalogue.SOURCES.get(name) is None or not _may_be_offered(name):
        return False
    with st.container(border=True, key=f"download_{place}"):
        if background.under_way(name) is None:
            _draw_offer(name, place)
        else:
            st.fragment(errors.guarded(_draw_progress), run_every=_LIVE_S)(name, place, on_end)
    return True


def _may_be_offered(name: str) -> bool:
    """False for visitors, who would fill the disk of the server's owner."""
    return background.can_be(name) and (not places.has_visitors() or background.under_way(name) is not None)


def _draw_offer(name: str, place: str) -> None:
    source, was_interrupted = catalogue.SOURCES[name], background.is_interrupted(name)
    if reason := background.complaint(name):
        st.error(words.capital(reason), icon=":material/cloud_off:")
    elif was_interrupted:
        st.warning(
            "The last download was interrupted. The next one starts from the beginning.",
            icon=":material/warning:",
        )
    st.markdown(f"**{words.plain(source.title)}**")
    st.caption(
        words.plain(
            f"{files.in_words(source.num_bytes)} to download. Licence: {source.licence}. Kept in "
            f"{catalogue.data_root() / name}, for every model and recipe that uses this data set."
        )
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        wanted = st.button(
            "Download", type="primary", icon=":material/download:", key=f"download_start_{place}"
        )
        if was_interrupted:
            st.button(
                "Delete the partial download", icon=":material/delete:", key=f"download_forget_{place}",
                on_click=background.forget, args=(name,),
            )  # fmt: skip
        st.caption(words.plain(f"Or in a terminal: python -m core data {name} --fetch"), width="content")
    if wanted:
        _start(name)


def _draw_progress(name: str, place: str, on_end: Callable[[], None]) -> None:
    """Draw the progress; at the end, the whole page is drawn once more."""
    found = background.under_way(name)
    if found is None:
        on_end()
        st.rerun()
        return
    title = words.plain(catalogue.SOURCES[name].title)
    st.progress(found.progress.share, text=f"**{title}**: {found.progress}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Stopping…" if found.is_stopping else "Cancel", icon=":material/stop_circle:",
            key=f"download_cancel_{place}", disabled=found.is_stopping,
            on_click=background.cancel, args=(name,),
        )  # fmt: skip
        st.caption(
            "The download continues if you leave this page. Cancel deletes the partial download.",
            width="content",
        )


def _start(name: str) -> None:
    try:
        with st.spinner("Starting the download…"):
            background.start(name)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/cloud_off:")
        return
    st.rerun()
