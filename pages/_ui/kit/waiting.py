"""Slow answers: a bar that moves, and a button that stops them."""

import streamlit as st

from core.explanation.explanation import Explanation, Question
from pages._ui.kit.pickers import method_picker
from pages._ui.session import models, question_keys
from pages._ui.session.models import Answering, Loaded
from pages._ui.session.photos import Photo

_SLOW = {"integrated_gradients", "occlusion"}


def answer(photo: Photo, loaded: Loaded, question: Question) -> Explanation:
    """The answer, at once if it is known; the slow methods show how far they are and can be stopped."""
    if question.method not in _SLOW or models.is_answered(photo, loaded, question):
        return models.answer(photo, loaded, question)
    label = method_picker.label(question.method)
    slot = st.empty()
    with slot.container(border=True):
        bar = st.progress(0.0, text=f"{label}…")
        st.button(
            "Stop", icon=":material/stop_circle:", key="stop", on_click=question_keys.choose_fast_method
        )

    def move(share: float) -> None:
        # A click anywhere ends this run at the next stroke of the bar, and with it the computation.
        bar.progress(share, text=f"{label}: {share:.0%}")

    found = models.answer(photo, loaded, question, move)
    slot.empty()
    return found


def answering(photo: Photo, loaded: Loaded, question: Question) -> Answering:
    """The answer in steps; of the slow methods, all of it."""
    if question.method in _SLOW:
        answer(photo, loaded, question)
    return Answering(photo, loaded, question)
