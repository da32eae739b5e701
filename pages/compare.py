"""What did a change fix, and what did it break? Two checkpoints, or two data sets."""

import streamlit as st

from pages._ui import shell
from pages._ui.compare import generalisation, one_sample, pair_matrices, per_class, piles, which_two
from pages._ui.compare.state import comparisons
from pages._ui.kit import options
from pages._ui.session import choices, models

TABS = {"samples": "Samples", "matrices": "Matrices", "classes": "Classes"}

with shell.page("pages/compare.py"):
    if comparisons.leaves_for_mistakes():
        # Before the sample that is to be open there is taken for this page's.
        st.switch_page("pages/mistakes.py", query_params={})
    st.title("Compare")
    first, second = which_two.pick(models.chosen_checkpoint())
    if first.name == second.name:
        generalisation.draw(first, second)
        st.stop()
    compared = comparisons.compared(first, second)
    opened = choices.opened()
    pictures = comparisons.pictures(first, second)
    stage, top = st.container(), st.container()
    tab = options.segmented("Show", TABS, key=comparisons.PART, label_visibility="collapsed")
    selection = piles.pick(compared) if tab == "samples" else None
    with top:
        which_two.draw(
            compared, comparisons.verdict_on(compared, pictures), selection.wanted.pile if selection else None
        )
    if selection:
        piles.draw(compared, selection, pictures, opened)
        if opened:
            with stage:
                one_sample.draw(compared, selection, pictures, opened)
    elif tab == "matrices":
        pair_matrices.draw(compared)
    else:
        per_class.draw(compared)
