"""Which maps of this network can be believed? Methods by layers, tested on photos."""

import streamlit as st

from pages._ui import shell, words
from pages._ui.kit import options
from pages._ui.session.checkpoints import advice, models
from pages._ui.trust import all_pairs, heat_table, missing, pair, sanity, tested_photos, testing
from pages._ui.trust.state import reports

VIEWS = {"photos": "Photos", "curves": "Curves", "sanity": "Sanity", "pairs": "All pairs"}

with shell.page("pages/trust.py"):
    head = st.container(horizontal=True, vertical_alignment="center", gap="small", key="head")
    head.title("Trust", width="content", anchor=False)
    loaded = models.load(models.chosen_checkpoint())
    name = loaded.checkpoint.name
    is_testing, known = testing.draw_under_way(name), advice.known(name)
    if known.report is None:
        missing.draw(name, known.note, is_testing=is_testing)
        st.stop()
    if not is_testing:
        with head:
            testing.draw_button(name)
    report, rows = known.report, reports.rows(loaded)
    selected = reports.chosen(report)
    st.markdown(f":material/star: {words.plain(heat_table.reason(report))}")
    with st.container(key="trust_top"):
        left, right = st.columns([3, 2], gap="large")
    with left:
        heat_table.draw(report, loaded.layers, selected)
    with right:
        pair.draw_numbers(report, selected)
    view = options.segmented("Show", VIEWS, key=reports.VIEW, label_visibility="collapsed")
    if view == "pairs":
        all_pairs.draw(report)
    elif rows is None:
        st.info("The tests of single photos are not here: only the report is.", icon=":material/table_rows:")
    elif view == "photos":
        tested_photos.draw(loaded, report, selected, pair.rows_of(rows, selected))
    elif view == "sanity":
        sanity.draw(loaded, report, selected, pair.rows_of(rows, selected))
    else:
        pair.draw_curves(pair.rows_of(rows, selected))
