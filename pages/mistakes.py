"""Where does it fail? From a cell of the confusion matrix to the samples behind it, and to the reason."""

from functools import partial

import streamlit as st

from pages._ui import gallery, matrix, numbers, sample_view, shell
from pages._ui.state import results as memory

with shell.page("pages/mistakes.py"):
    st.title("Mistakes")
    results = numbers.pick_results(shell.checkpoint_name())
    opened = memory.opened()
    pictures = memory.pictures(results.name)
    stage = st.container()
    numbers.draw(results)
    with st.container(key="mistakes"):
        left, right = st.columns([11, 9], gap="large")
    with right:
        selection = gallery.pick(results)
        gallery.draw(results, selection, pictures, opened)
    with left:
        matrix.draw(results, selection.cell, partial(gallery.choose_cell, results.class_names))
    if opened:
        with stage:
            sample_view.draw(results, selection, pictures, opened)
