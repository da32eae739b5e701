"""Train a network: pick, look at the data, start, and watch it learn."""

import streamlit as st

from pages._ui import shell
from pages._ui.train import data_report, recipe_picker, trained

with shell.page("pages/train.py"):
    st.title("Train")
    run = trained.watched()
    if run is not None:
        trained.draw(run)
    else:
        st.markdown("Pick a recipe, press **Start**, and watch a network learn. Nothing leaves this machine.")
        with st.container(key="plan"):
            left, right = st.columns([5, 4], gap="large")
        with left:
            plan = recipe_picker.pick()
        with right, st.container(border=True):
            st.markdown("## What will happen")
            fits = plan is not None and recipe_picker.draw_facts(plan)
            if plan is None:
                st.caption("Mend the setting that is marked, and it is said here.")
            recipe_picker.start_button(plan, fits=fits)
        if plan is not None and fits:
            data_report.draw(plan)
    st.divider()
    trained.draw_table(run.name if run else None)
