"""Home: what is loaded, and where to go."""

import streamlit as st

from core.device import device_label
from pages._ui import mishaps, shell, words
from pages._ui.kit.pickers import photo_picker
from pages._ui.session import models


def draw() -> None:
    """The whole page."""
    with shell.page("app.py"):
        st.title("Why does it see that?")
        st.markdown(
            "Drop in a photo. SeeWhy shows what the network takes it for, **where in the photo that comes "
            "from**, and why it is not something else."
        )
        name = models.chosen_checkpoint()
        if photo_picker.photo_source():
            st.switch_page("pages/explain.py", query_params={})
        _draw_loaded(name)
        st.header("Where to go")
        for path, page in list(shell.PAGES.items())[1:]:
            st.page_link(path, label=f"**{page.title}**: {page.question}", icon=page.icon)


@mishaps.guarded  # One that cannot be loaded leaves the ways to other pages.
def _draw_loaded(name: str) -> None:
    st.header("What is loaded")
    loaded = models.load(name)
    card = loaded.checkpoint.card
    with st.container(horizontal=True):
        st.metric("Model", words.plain(name), border=True)
        st.metric("Classes", f"{len(card.class_names):,}", border=True)
        st.metric("Layers to look into", len(loaded.layers), border=True)
        st.metric("Runs on", device_label(loaded.checkpoint.device), border=True)
    st.caption(words.plain(f"{card.architecture} · {card.source}"))
