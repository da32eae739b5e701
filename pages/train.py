"""Train a network: pick a recipe, look at its data, start, and watch it learn."""

import streamlit as st

from pages._ui import shell
from pages._ui.train import data_report, experiment, one_training, plan, prediction, trainings_table

with shell.page("pages/train.py"):
    st.title("Train", anchor=False)
    run = one_training.watched()
    if run is not None:
        one_training.draw(run)
    else:
        st.markdown("Pick a recipe, press **Start**, and watch a network learn. Nothing leaves this machine.")
        looks = ["Plan", "Data", "Experiment"]
        on_plan, on_data, on_experiment = st.tabs(looks, key="look", on_change="rerun", bind="query-params")
        with on_plan, st.container(key="plan"):
            left, right = st.columns([5, 4], gap="large")
        with left, st.container(gap="xsmall"):
            recipe_name = plan.recipe_name()
            planned = plan.pick(recipe_name)
        with right, st.container(border=True, gap="xsmall"):
            st.markdown("## What will happen", anchors=False)
            fits = plan.draw_facts(planned)
            plan.draw_start(recipe_name, planned, fits=fits)
        # After the plan: listing the layers may import a library.
        with left, st.container(gap="xsmall"):
            prediction.draw(planned if fits else None)
        if on_data.open:
            with on_data:
                data_report.draw(planned if fits else None)
        if on_experiment.open:
            with on_experiment:
                experiment.draw()
    trainings_table.draw(run.name if run else None)
