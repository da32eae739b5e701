"""What is too simple to need a network: baselines of the plan's data, measured on request."""

import streamlit as st

from core.errors import CoreError
from core.training.baselines import floor as baselines
from core.training.baselines.floor import Floor
from core.training.material import Material
from pages._ui import errors, words
from pages._ui.train.state import floors


def draw_button(data: Material) -> None:
    """Draw the button that opens the baselines."""
    if st.button(
        "Baselines",
        icon=":material/speed:",
        key="train_baselines",
        help="Could something simpler than a network do it? The accuracy of four simple rules.",
    ):
        _show(data)


def draw_warnings(data: Material) -> None:
    """Warn where a measured baseline is a shortcut that a network may take."""
    known = floors.known(data)
    for warning in baselines.warnings(known) if known else ():
        st.warning(words.capital(warning), icon=":material/lightbulb:")


@st.dialog("Could something simpler do it?", icon=":material/speed:", width="medium", on_dismiss="rerun")
@errors.guarded
def _show(data: Material) -> None:
    """Measure the baselines, unless they are known, and show their accuracies."""
    st.markdown(
        "The accuracy that a network must beat, on the validation images: by always the largest class, "
        "by the nearest median colours of training images, by logistic regression on colour histograms, "
        "and by the nearest training thumbnail."
    )
    slot = st.empty()
    try:
        known = floors.known(data)
        if known is None:
            with slot, st.spinner("Looking at colours and thumbnails…"):
                known = floors.measured(data)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    slot.empty()
    _draw_floor(known)


def _draw_floor(floor: Floor) -> None:
    for warning in baselines.warnings(floor):
        st.warning(words.capital(warning), icon=":material/lightbulb:")
    st.html(words.facts({each.name.capitalize(): each.in_words for each in floor.baselines}))
    st.caption(
        f"Fitted on {words.counted(floor.num_trained, 'image')}, of at most {baselines.MOST_TRAINED:,}; "
        f"scored on {floor.num_scored:,}, of at most {baselines.MOST_SCORED:,}. In brackets the 95% "
        "interval, which takes the images as independent."
    )
