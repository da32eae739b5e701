"""Widgets for how a map looks: its layout beside the photo, and its colours."""

import streamlit as st

from core.drawing.render import COLORMAPS, SIGNED
from pages._ui.session import values


def view() -> str:
    """How photo and map are laid out: ``overlay``, ``side`` or ``wipe``."""
    return _segmented(
        "View", {"overlay": "Overlay", "side": "Side by side", "wipe": "Wipe"}, key="photo_view"
    )


def palette(*, difference: bool) -> str:
    """The name of a colormap, or `SIGNED` where both sides are shown, as a difference always has."""
    if difference:
        return SIGNED
    if _segmented("Show", {"heat": "Heat map", "signed": "For and against"}, key="shown") == "signed":
        return SIGNED
    return _segmented("Colours", {name: name.capitalize() for name in COLORMAPS}, key="colormap")


def _segmented(label: str, labels: dict[str, str], *, key: str) -> str:
    """One of a few values, kept in this session only: a link does not fix how a map is displayed."""
    chosen = st.segmented_control(
        label,
        list(labels),
        default=next(iter(labels)),
        required=True,
        format_func=labels.__getitem__,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
    return values.choice(chosen, labels)
