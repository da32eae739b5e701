"""What did a change fix, and what did it break? Two checkpoints, or two data sets."""

import streamlit as st

from pages._ui import shell
from pages._ui.compare import generalisation, one_sample, pair_matrices, per_class, piles, which_two
from pages._ui.compare.state import comparisons
from pages._ui.kit import options
from pages._ui.session import results as memory

TABS = {"samples": "Samples", "matrices": "Matrices", "classes": "Classes"}

with shell.page("pages/compare.py"):
    if comparisons.leaves_for_mistakes():
        # Before the sample that is to be open there is taken for this page's.
        st.switch_page("pages/mistakes.py", query_params={})
    st.title("Compare")
    first, second = which_two.pick(shell.checkpoint_name())
    if first.name == second.name:
        generalisation.draw(first, second)
        st.stop()
    found = comparisons.compared(first, second)
    opened = memory.opened()
    pictures = comparisons.pictures(first, second)
    stage, top = st.container(), st.container()
    tab = options.segmented("Show", TABS, key=comparisons.PART, label_visibility="collapsed")
    selection = piles.pick(found) if tab == "samples" else None
    with top:
        which_two.draw(
            found, comparisons.verdict_on(found, pictures), selection.wanted.pile if selection else None
        )
    if selection:
        piles.draw(found, selection, pictures, opened)
        if opened:
            with stage:
                one_sample.draw(found, selection, pictures, opened)
    elif tab == "matrices":
        pair_matrices.draw(found)
    else:
        per_class.draw(found)
