"""Slow methods: a progress bar, and a button that stops them."""

import streamlit as st

from core.explanation.answer import Explanation
from core.explanation.question import Question
from pages._ui import words
from pages._ui.kit.pickers import method_picker
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question import answers as answered
from pages._ui.session.question import question_keys
from pages._ui.session.question.photos import Photo

_SLOW = {
    "ablation_cam",
    "gradient_shap",
    "integrated_gradients",
    "kernel_shap",
    "lime",
    "occlusion",
    "rise",
    "score_cam",
    "smooth_grad",
}


def answers(photo: Photo, loaded: Loaded, question: Question) -> tuple[Explanation, ...]:
    """An explanation for each score; a slow method shows how much is done, and can be stopped."""
    if question.method not in _SLOW or answered.is_answered(photo, loaded, question):
        return answered.answers(photo, loaded, question)
    label = method_picker.label(question.method)
    slot = st.empty()
    with slot.container(border=True):
        bar = st.progress(0.0, text=f"{label}…")
        st.button(
            "Stop", icon=":material/stop_circle:", key="stop", on_click=question_keys.choose_fast_method
        )

    def move(share: float) -> None:
        # A click anywhere ends this run when the bar moves next, and with it the computation.
        bar.progress(share, text=f"{label}: {words.percent(share)}")

    explanations = answered.answers(photo, loaded, question, move)
    slot.empty()
    return explanations


def soonest(photo: Photo, loaded: Loaded, question: Question, layer: str) -> Explanation:
    """The answer as soon as it has the map of this layer; see `answers.soonest`."""
    if question.method in _SLOW:
        return answers(photo, loaded, question)[0]
    return answered.soonest(photo, loaded, question, layer)
