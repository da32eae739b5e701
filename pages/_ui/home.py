"""Home: the model that answers, and the pages."""

import streamlit as st

from core.device import device_label
from pages._ui import errors, shell, whole_loop, words
from pages._ui.kit.pickers import photo_picker
from pages._ui.session.checkpoints import models


def draw() -> None:
    """The whole page."""
    with shell.page("app.py"):
        st.title("Why does it see that?", anchor=False)
        st.markdown(
            "Drop a photo. SeeWhy shows which class the network predicts, **which parts of the photo are the "
            "evidence**, and why it is not another class."
        )
        name = models.chosen_checkpoint()
        if photo_picker.photo_source():
            st.switch_page("pages/explain.py", query_params={})
        _draw_model(name)
        errors.guarded(whole_loop.draw)()
        st.header("Pages", anchor=False)
        for path, page in list(shell.PAGES.items())[1:]:
            st.page_link(path, label=f"**{page.title}**: {page.question}", icon=page.icon)


@errors.guarded  # A model that cannot be loaded must not hide the links to the other pages.
def _draw_model(name: str) -> None:
    st.header("Model", anchor=False)
    loaded = models.load(name)
    card = loaded.checkpoint.card
    with st.container(horizontal=True):
        st.metric("Model", words.plain(name), border=True)
        st.metric("Classes", f"{len(card.class_names):,}", border=True)
        st.metric("Layers to explain", len(loaded.layers), border=True)
        st.metric("Runs on", device_label(loaded.checkpoint.device), border=True)
    st.caption(words.plain(f"{card.architecture} · {card.source}"))
