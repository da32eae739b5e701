"""The table of all trainings."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.training import runs
from core.training.runs import overview
from pages._ui import errors
from pages._ui.session import values
from pages._ui.train.state import trainings

_LIVE_S = 5.0
_HEIGHT, _ROW = 212, 35  # Pixels: five rows and the head.
_SYMBOLS = {"running": "▶", "finished": "✓", "stopped": "■", "failed": "✕", "interrupted": "!"}


def draw(chosen: str | None) -> None:
    """Draw all trainings, the newest first; a click on a row shows that training."""
    every = runs.every()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.header("Your trainings", anchor=False, width="content")
        if every:
            st.caption("Click a row to see its curves, to resume it, or to delete it.", width="content")
    if not every:
        st.info(
            "None yet. Keep all settings and press Start: the digits take about a minute.",
            icon=":material/rocket_launch:",
        )
        return
    live = any(run.is_running for run in every)
    st.fragment(errors.guarded(_draw_rows), run_every=_LIVE_S if live else None)(chosen)


def _draw_rows(chosen: str | None) -> None:
    if trainings.is_leaving():
        st.rerun()
    every = runs.every()
    rows = overview.table(every)
    rows["status"] = [f"{_SYMBOLS[run.status]} {run.status}" for run in every]
    # The key has the chosen name: a new table has no cell selected, so that any cell can be clicked.
    key = f"train_runs_{chosen or ''}"
    st.dataframe(
        rows,
        hide_index=True,
        height=min(_HEIGHT, _ROW * (len(every) + 1) + 2),
        key=key,
        on_select=partial(_look_at_row, key, [run.name for run in every]),
        selection_mode="single-cell",
        column_config=_columns(),
    )


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.TextColumn("Name"),
        "status": column.TextColumn("Status"),
        "recipe": column.TextColumn("Recipe"),
        "data": column.TextColumn("Data"),
        "fingerprint": column.TextColumn(
            "Fingerprint", help="Of the data: equal data have equal fingerprints"
        ),
        "accuracy": column.NumberColumn("Best accuracy", help="On the validation images", format="%.1f%%"),
        "epochs": column.TextColumn("Epochs", help="Done / planned"),
        "size": column.NumberColumn("Size", format="%.2f MB"),
        "time": column.TextColumn("Time"),
        "started": column.DatetimeColumn("Started", format="D MMM, HH:mm"),
    }


def _look_at_row(key: str, names: Sequence[str]) -> None:
    row = values.row(key, len(names))
    if row is not None:
        trainings.watch(names[row])
