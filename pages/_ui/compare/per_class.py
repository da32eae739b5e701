"""What a change did to each class."""

import math
from functools import partial

import pandas as pd
import streamlit as st

from core.evaluation.comparing.pair_selection import ALL, change_table
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.session import values

_TABLE = "compare_table"
_FEW, _TALL, _MOST = 10, 520, 2_000


def draw(compared: Compared) -> None:
    """A row for each class, the largest change first; a click selects its samples."""
    rows = first_rows(change_table(compared.change, compared.pair.class_names))
    first, second = compared.first.name, compared.second.name
    column = st.column_config
    st.caption(
        f"Recall is the share of a class's samples that are right; before: {words.plain(first)}, after: "
        f"{words.plain(second)}. Largest change first. Click the box at the left of a row to see its samples."
    )
    share = partial(column.ProgressColumn, format="%.1f%%", min_value=0.0, max_value=100.0)
    st.dataframe(
        rows.style.map(colour, subset=["change"]).format({"change": signed}),
        hide_index=True,
        height=_TALL if len(rows) > _FEW else "auto",
        key=_TABLE,
        selection_mode="single-row",
        on_select=partial(_choose_row, compared, rows["class_idx"].tolist()),
        column_order=["name", "change", "fixed", "broken", "before", "after", "support"],
        column_config={
            "name": column.TextColumn("Class"),
            "support": column.NumberColumn("Samples", format="localized"),
            "fixed": column.NumberColumn(
                "Fixed", format="localized", help=words.plain(f"Only {second} is right")
            ),
            "broken": column.NumberColumn(
                "Broken", format="localized", help=words.plain(f"Only {first} is right")
            ),
            "before": share("Recall before", help=words.plain(first)),
            "after": share("Recall after", help=words.plain(second)),
            "change": column.NumberColumn("Change, points"),
        },
    )


def _choose_row(compared: Compared, class_idx: list[int]) -> None:
    row = values.row(_TABLE, len(class_idx))
    if row is not None:
        comparisons.choose(compared, ALL, class_idx[row], None, None)


def first_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that can be coloured quickly, with a caption if there are more."""
    if len(rows) > _MOST:
        st.caption(f"The first {_MOST:,} of {len(rows):,} classes.")
    return rows.head(_MOST)


def colour(change: float) -> str:
    """Teal for better, orange for worse; both are readable in the light and the dark theme."""
    if not change or math.isnan(change):
        return ""
    return f"color: {'#0f9488' if change > 0 else '#e8590c'}; font-weight: 600"


def signed(change: float) -> str:
    """Points with their sign."""
    return f"{change:+.1f}".replace("-", words.MINUS) if change else "0"
