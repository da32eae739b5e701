"""Where does it fail? From a cell of the confusion matrix to the samples behind it, and to the reason."""

from functools import partial

import streamlit as st

from pages._ui import shell
from pages._ui.kit import matrix, options
from pages._ui.kit.evaluations import numbers
from pages._ui.kit.samples import gallery
from pages._ui.mistakes import average, exports, quality, sample_view
from pages._ui.session import choices, image_access, models

VIEWS = {"confusions": "Confusions", "classes": "Classes", "curves": "Curves", "confidence": "Confidence"}

with shell.page("pages/mistakes.py"):
    st.title("Mistakes")
    results = numbers.pick_results(models.chosen_checkpoint())
    opened = choices.opened()
    pictures = image_access.pictures(results.evaluation)
    stage = st.container()
    numbers.draw(results)
    view = options.segmented("View", VIEWS, key=choices.VIEW, label_visibility="collapsed")
    if view == "classes":
        quality.draw_classes(results)
    elif view == "curves":
        quality.draw_curves(results)
    elif view == "confidence":
        quality.draw_confidence(results)
    else:
        with st.container(key="mistakes"):
            left, right = st.columns([11, 9], gap="large")
        with right:
            selection, tools = gallery.pick(results)
            with tools:
                exports.draw(results, selection, pictures)
            gallery.draw(results, selection, pictures, opened)
        with left:
            matrix.draw(results, selection.cell, partial(gallery.choose_cell, results.class_names))
            average.draw(results, selection, pictures)
        if opened:
            with stage:
                sample_view.draw(results, selection, pictures, opened)
