"""Which maps of this network can be believed? Methods by layers, tested on photos."""

import streamlit as st

from pages._ui import shell, words
from pages._ui.session.checkpoints import models
from pages._ui.trust import heat_table, missing, pair, tested_photos
from pages._ui.trust.state import reports

with shell.page("pages/trust.py"):
    st.title("Trust", anchor=False)
    loaded = models.load(models.chosen_checkpoint())
    known = reports.known(loaded)
    if known.report is None:
        missing.draw(loaded, known.note)
        st.stop()
    report, rows = known.report, reports.rows(loaded)
    selected = reports.chosen(report)
    st.markdown(f":material/star: {words.plain(report.recommended.reason)}")
    with st.container(key="trust_top"):
        left, right = st.columns([3, 2], gap="large")
    with left:
        heat_table.draw(report, loaded.layers, selected)
    with right:
        pair.draw_numbers(report, selected)
    if rows is not None:
        of_pair = pair.rows_of(rows, selected)
        tested_photos.draw(loaded, report, selected, of_pair)
        pair.draw_curves(of_pair)
