"""From one sample to the next: its position among those selected, and buttons with keys."""

import pyarrow as pa
import streamlit as st

from core.evaluation.selection import Position, sample_at
from pages._ui.session.evaluation import choices


def draw(table: pa.Table, place: Position | None, *, key: str) -> None:
    """Draw Previous, Next and Close; ``place`` is None for a sample that is not among those selected."""
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
        if place:
            st.caption(f"{place.number:,} of {place.total:,}", width="content")
        _step(table, "Previous", place.before if place else None, shortcut="ArrowLeft", key=key)
        _step(table, "Next", place.after if place else None, shortcut="ArrowRight", key=key)
        st.button(
            "Close", icon=":material/close:", key=f"{key}_close", shortcut="Escape",
            on_click=choices.open_sample, args=(None,),
        )  # fmt: skip


def _step(table: pa.Table, label: str, row: int | None, *, shortcut: str, key: str) -> None:
    def go() -> None:
        if row is not None:
            choices.open_sample(sample_at(table, row).sample_id)

    icon = ":material/chevron_left:" if label == "Previous" else ":material/chevron_right:"
    st.button(
        label, icon=icon, key=f"{key}_{label}", shortcut=shortcut, disabled=row is None, on_click=go
    )  # fmt: skip
