"""The whole loop in four steps through the real pages, on a network that has learned a shortcut."""

from dataclasses import dataclass

import streamlit as st

from core.checkpoints.store import available, find
from core.predictions import evaluations
from core.training.fixes.known_groups import groups_of
from pages._ui import words
from pages._ui.session.checkpoints import models
from pages._ui.session.evaluation import choices, evaluated

_NAME, _EVALUATION = "shortcut", "shortcut-val"


@dataclass(frozen=True, slots=True)
class _Step:
    """A page, and what to do there."""

    page: str
    icon: str
    title: str
    about: str
    sample: str = ""


def draw() -> None:
    """Four steps in their order; nothing where the checkpoint is missing or has not been evaluated."""
    if _NAME not in available() or evaluations.known(find(_NAME), _EVALUATION) is None:
        return
    st.header("See the whole loop in two minutes", anchor=False)
    st.markdown(
        "This network reads digits. In training, nearly all digits from 0 to 4 lay on grass, and the others "
        "on brick. Find out what it looks at, and make it read the digits."
    )
    with st.container(horizontal=True, gap="small", key="whole_loop"):
        for number, step in enumerate(_steps(), start=1):
            with st.container(border=True, gap="xsmall", width=212, height="stretch"):
                pressed = st.button(
                    f"**{number}. {step.title}**",
                    icon=step.icon,
                    key=f"loop_{number}",
                    type="tertiary",
                    # A link would not do: the checkpoint that the sidebar has chosen stays.
                    on_click=_choose,
                    args=(step,),
                )
                if pressed:
                    st.switch_page(step.page, query_params={})
                st.caption(words.plain(step.about))


def _choose(step: _Step) -> None:
    """Choose what the page of a step shows; before anything is drawn."""
    models.choose_checkpoint(_NAME)
    evaluated.look_at(_EVALUATION)
    choices.show_view("groups")
    choices.open_sample(step.sample or None)


def _steps() -> list[_Step]:
    return [
        _Step(
            "pages/train.py",
            ":material/model_training:",
            "What it learned",
            "Click it in the list: right on all training images, and often wrong on validation images. Why?",
        ),
        _Step(
            "pages/mistakes.py",
            ":material/grid_on:",
            "Where it fails",
            "Two groups have most of the mistakes: digits on the background of the other digits.",
        ),
        _Step(
            "pages/mistakes.py",
            ":material/center_focus_strong:",
            "What it looks at",
            "A digit of that group: more of the map lies on the background than on the digit.",
            _sample(),
        ),
        _Step(
            "pages/mistakes.py",
            ":material/build:",
            "Fix it, and prove it",
            "Press Fix at the group. Compare opens, with images that the fix did not use.",
        ),
    ]


def _sample() -> str:
    """The most typical sample of the first group; empty if there is none."""
    samples = next(iter(groups_of(evaluations.find(find(_NAME), _EVALUATION)).values()), ())
    return samples[0] if samples else ""
