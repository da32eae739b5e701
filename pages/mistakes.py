"""Where does it fail? From a cell of the confusion matrix to the samples behind it, and to the reason."""

import streamlit as st

from pages._ui import shell
from pages._ui.kit import options
from pages._ui.kit.evaluations import numbers
from pages._ui.kit.samples import open_sample
from pages._ui.mistakes import confusions, fixing, labels, quality
from pages._ui.mistakes.data_map import data_map
from pages._ui.mistakes.drift import view as drift
from pages._ui.mistakes.groups import cards
from pages._ui.session.checkpoints import models
from pages._ui.session.data import image_access
from pages._ui.session.evaluation import choices

VIEWS = {
    "confusions": "Confusions",
    "groups": "Groups",
    "map": "Map",
    "classes": "Classes",
    "curves": "Curves",
    "confidence": "Confidence",
    "labels": "Wrong labels",
    "drift": "Drift",
}

with shell.page("pages/mistakes.py"):
    fixing.leave_when_proved()
    head = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="head")
    head.title("Mistakes", width="content", anchor=False)
    results = numbers.pick_results(models.chosen_checkpoint(), head)
    opened = open_sample.pick(results.table, "among these predictions")
    pictures = image_access.pictures(results.evaluation)
    top = st.container()
    view = options.segmented("View", VIEWS, key=choices.VIEW, label_visibility="collapsed")
    if not (opened and view in ("confusions", "groups", "map", "labels")):  # An open sample replaces them.
        with top:
            numbers.draw(results)
    if view == "groups":
        cards.draw(results, pictures, opened)
    elif view == "map":
        data_map.draw(results, pictures, opened)
    elif view == "classes":
        quality.draw_classes(results)
    elif view == "curves":
        quality.draw_curves(results)
    elif view == "confidence":
        quality.draw_confidence(results)
    elif view == "labels":
        labels.draw(results, pictures, opened)
    elif view == "drift":
        drift.draw(results)
    else:
        confusions.draw(results, pictures, opened)
