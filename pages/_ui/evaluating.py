"""A checkpoint without predictions: evaluate it on a folder of images, and watch that."""

from pathlib import Path

import streamlit as st

from core import checkpoint
from core.errors import CoreError
from core.mistakes import results
from core.predicting import background
from core.predicting.parts import is_under_way, num_predicted
from core.predicting.samples import open_images
from pages._ui import mishaps, words
from pages._ui.state import models

_LIVE_S = 1.0
_FOLDER = "evaluation_folder"


def draw(name: str) -> None:
    """Say that there is nothing to show yet, take a folder of images, and offer what has been evaluated."""
    if is_under_way(checkpoint.find(name)):
        st.fragment(mishaps.guarded(_draw_progress), run_every=_LIVE_S)(name)
        return
    st.info(
        f"**{words.plain(name)}** has not been evaluated yet: name a folder of labelled images, with a "
        "folder for each class or in the layout of a public data set, and see what it gets wrong.",
        icon=":material/fact_check:",
    )
    _draw_form(name)
    others = results.available()
    if others:
        st.markdown("These have been evaluated, and show real mistakes:")
        with st.container(horizontal=True, gap="small"):
            for other in others:
                st.button(other, key=f"instead_{other}", on_click=models.choose_checkpoint, args=(other,))


def _draw_form(name: str) -> None:
    with st.form("evaluation", border=False):
        typed = st.text_input("Folder of the images", key=_FOLDER, placeholder="/path/to/images")
        wanted = st.form_submit_button("Evaluate", type="primary", icon=":material/play_arrow:")
    st.caption(words.plain(f"Or in a terminal: python -m core evaluate {name} --data FOLDER"))
    if not wanted:
        return
    place, folder = Path(typed.strip()).expanduser(), checkpoint.find(name)
    try:
        with st.spinner("The images are found, the network is loaded…"):
            open_images(folder, place if typed.strip() else None)
            background.start(folder, place if typed.strip() else None)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def _draw_progress(name: str) -> None:
    """How far it is; when it has ended, the page is drawn once more."""
    folder = checkpoint.find(name)
    if not is_under_way(folder):
        if not results.path_of(name).exists():
            st.error(words.plain(f"It ended: {background.complaint(folder)}"), icon=":material/error:")
            return
        st.rerun()
    st.info(
        f"**{words.plain(name)}** is being evaluated: {words.counted(num_predicted(folder), 'image')} so "
        "far. It goes on if you leave this page.",
        icon=":material/hourglass_top:",
    )
