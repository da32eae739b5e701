"""What a group can be fixed with; the fix that this session waits for, and why the last one failed."""

import streamlit as st

from core.mistakes import reports
from core.predictions.evaluations import Evaluation
from core.training.fixes.needs import Means
from pages._ui.mistakes.state import labels
from pages._ui.session.data import image_access

_AWAITED, _FAILED, _PROVED = "awaited_fix", "failed_fix", "proved_fix"


def means(evaluation: Evaluation, group: str) -> Means:
    """What there is to fix a group with: images, decisions on labels, a report on new photos."""
    pictures = image_access.pictures(evaluation)
    images = pictures.images.images if pictures.images else None
    drift = reports.kept(evaluation, reports.DRIFT).path
    return Means(evaluation, group, images, labels.file_of(pictures), drift)


def wait_for(evaluation: Evaluation, group: str, name: str) -> None:
    """Wait for the fix ``name`` of a group of an evaluation."""
    st.session_state[_AWAITED] = (evaluation.folder, group, name)
    st.session_state.pop(_FAILED, None)


def awaited(evaluation: Evaluation, group: str) -> str:
    """The name of the fix of this group that the session waits for; empty if it waits for none."""
    place, of, name = st.session_state.get(_AWAITED, (None, "", ""))
    return name if (place, of) == (evaluation.folder, group) else ""


def arrived(proof: str, evaluation: str) -> None:
    """Wait no longer: the evaluation at the address ``proof`` is to be compared with ``evaluation``."""
    st.session_state.pop(_AWAITED, None)
    st.session_state[_PROVED] = (proof, evaluation)


def proved() -> tuple[str, str] | None:
    """The two addresses that `arrived` was given; once."""
    pair: tuple[str, str] | None = st.session_state.pop(_PROVED, None)
    return pair


def fail(reason: str) -> None:
    """Wait no longer, and keep the reason for the group that was waited for."""
    place, group, _ = st.session_state.pop(_AWAITED)
    st.session_state[_FAILED] = (place, group, reason)


def failed(evaluation: Evaluation, group: str) -> str:
    """Why the last fix of this group failed; empty if it did not."""
    place, of, reason = st.session_state.get(_FAILED, (None, "", ""))
    return reason if (place, of) == (evaluation.folder, group) else ""
