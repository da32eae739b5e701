"""Reports on drift and stress of an evaluation, and the new photos that they name."""

from pathlib import Path
from typing import Any

import streamlit as st

from core import images
from core.errors import ImageError
from pages._ui.session.data import folders
from pages._ui.session.question import photos

_SIDE = 132
_LEAVING, _STRESSED = "drift_leaves_for_explain", "stress_sample"
CURVES, KIND, STEP = "stress_curves", "stress_kind", "stress_step"  # Widgets.


def may_be_seen(report: dict[str, Any]) -> bool:
    """Whether this session may show the new photos of a report."""
    return report.get("data") is not None and folders.may_be_seen(Path(report["data"]))


def thumb(root: str, path: str) -> bytes | None:
    """A small JPEG file of a photo; None if it cannot be read now."""
    try:
        return _thumb(root, path)
    except ImageError:
        return None


def take_along(root: str, path: str) -> None:
    """Choose a new photo for the page Explain; before the page is drawn."""
    try:
        photos.add_photo(Path(path).name, images.content(Path(root) / path))
    except ImageError:
        return
    st.session_state[_LEAVING] = True


def choose_clicked_step() -> None:
    """Choose the step whose point in the curves was clicked; before the page is drawn."""
    # Streamlit empties the selection whenever the figure changes: that is no choice.
    for point in st.session_state[CURVES].selection.points[:1]:
        kind, step = point["customdata"]
        st.session_state[KIND], st.session_state[STEP] = kind, step


def look_under_stress(sample_id: str) -> None:
    """Show a sample before and after the chosen step from the next run on."""
    st.session_state[_STRESSED] = sample_id


def sample_under_stress() -> str | None:
    """The sample to show before and after the chosen step."""
    sample_id: str | None = st.session_state.get(_STRESSED)
    return sample_id


def is_leaving() -> bool:
    """Whether to go to Explain; once."""
    return bool(st.session_state.pop(_LEAVING, False))


@st.cache_data(max_entries=1_000, show_spinner=False)
def _thumb(root: str, path: str) -> bytes:
    return photos.small_jpeg(images.read(Path(root) / path), _SIDE)
