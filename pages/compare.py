"""What did a change fix, and what did it break? Two checkpoints, or two data sets."""

import streamlit as st

from pages._ui import shell
from pages._ui.compare import (
    average_maps,
    generalisation,
    kept_groups,
    one_sample,
    outcome,
    pair_matrices,
    per_class,
    piles,
    which_two,
)
from pages._ui.compare.state import comparisons
from pages._ui.kit import fix_proof, options
from pages._ui.kit.samples import open_sample
from pages._ui.session.checkpoints import models

TABS = {"samples": "Samples", "matrices": "Matrices", "classes": "Classes", "groups": "Groups"}

with shell.page("pages/compare.py"):
    if comparisons.leaves_for_mistakes():
        # Before this page reads the sample that is meant for Mistakes.
        st.switch_page("pages/mistakes.py", query_params={})
    head = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="head")
    head.title("Compare", width="content", anchor=False)
    first, second = which_two.pick(models.chosen_checkpoint(), head)
    if first.name == second.name:
        generalisation.draw(first, second)
        st.stop()
    compared = comparisons.compared(first, second)
    opened = open_sample.pick(compared.pair.first, "in both evaluations")
    pictures = comparisons.pictures(first, second)
    verdict = comparisons.verdict_on(compared, pictures)
    top = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="views")
    with row:
        tab = options.segmented("Show", TABS, key=comparisons.PART, label_visibility="collapsed")
    if tab == "samples":
        stage = st.container()
        selection = piles.pick(compared)
        with top:
            if opened:  # An open sample replaces the piles.
                outcome.draw_headline(compared, verdict)
            else:
                outcome.draw(compared, verdict, selection.wanted.pile)
                kept_groups.draw_summary(compared, pictures)
                fix_proof.draw(second.card, first.name)
        averages = (
            st.container()
        )  # There with a sample open too: the gallery must keep its place, and the focus.
        if opened:
            with stage:
                one_sample.draw(compared, selection, pictures, opened)
        else:
            with averages:
                average_maps.draw(compared, selection, pictures)
        piles.draw(compared, selection, pictures, opened)
    else:
        with top:
            outcome.draw_headline(compared, verdict)
        if tab == "matrices":
            pair_matrices.draw(compared, row)
        elif tab == "classes":
            per_class.draw(compared)
        else:
            kept_groups.draw(compared, pictures)
