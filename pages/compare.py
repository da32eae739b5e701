"""What did a change fix, and what did it break? Two checkpoints, or two data sets."""

import streamlit as st

from pages._ui import (
    compare_classes,
    compare_data_sets,
    compare_gallery,
    compare_matrices,
    compare_sample,
    compare_top,
    components,
    shell,
)
from pages._ui.state import comparisons
from pages._ui.state import results as memory

TABS = {"samples": "Samples", "matrices": "Matrices", "classes": "Classes"}

with shell.page("pages/compare.py"):
    if comparisons.leaves_for_mistakes():
        # Before the sample that is to be open there is taken for this page's.
        st.switch_page("pages/mistakes.py", query_params={})
    st.title("Compare")
    first, second = compare_top.pick(shell.checkpoint_name())
    if first.name == second.name:
        compare_data_sets.draw(first, second)
        st.stop()
    found = comparisons.compared(first, second)
    opened = memory.opened()
    pictures = comparisons.pictures(first, second)
    stage, top = st.container(), st.container()
    tab = components.segmented("Show", TABS, key=comparisons.PART, label_visibility="collapsed")
    selection = compare_gallery.pick(found) if tab == "samples" else None
    with top:
        compare_top.draw(
            found, comparisons.verdict_on(found, pictures), selection.wanted.pile if selection else None
        )
    if selection:
        compare_gallery.draw(found, selection, pictures, opened)
        if opened:
            with stage:
                compare_sample.draw(found, selection, pictures, opened)
    elif tab == "matrices":
        compare_matrices.draw(found)
    else:
        compare_classes.draw(found)
