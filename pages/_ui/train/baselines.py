"""What is too simple to need a network: baselines of the plan's data, measured on request."""

import streamlit as st

from core.errors import CoreError
from core.training.baselines import floor as baselines
from core.training.baselines.floor import Floor
from core.training.material import Material
from pages._ui import errors, words
from pages._ui.train.state import floors


@st.fragment
@errors.guarded
def draw(data: Material) -> None:
    """A button that measures the baselines; then their accuracies, and a warning if one is a shortcut."""
    st.markdown("### Could something simpler do it?", anchors=False)
    st.caption(
        "The accuracy that a network must beat, on the validation images: by the nearest median colours of "
        "training images, by logistic regression on colour histograms, by the nearest training thumbnail."
    )
    known = floors.known(data)
    if known is None:
        known = _measured_on_request(data)
    if known is not None:
        _draw_floor(known)


def _measured_on_request(data: Material) -> Floor | None:
    """The baselines once the button is pressed, which then disappears; None before, or with a reason."""
    slot = st.empty()
    pressed = slot.button(
        "Measure",
        icon=":material/speed:",
        key="train_baselines",
        help=f"At most {baselines.MOST_TRAINED:,} training and {baselines.MOST_SCORED:,} validation images.",
    )
    if not pressed:
        return None
    try:
        with slot, st.spinner("Looking at colours and thumbnails…"):
            measured = floors.measured(data)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return None
    slot.empty()
    return measured


def _draw_floor(floor: Floor) -> None:
    for warning in baselines.warnings(floor):
        st.warning(words.capital(warning), icon=":material/lightbulb:")
    st.html(words.facts({each.name.capitalize(): each.in_words for each in floor.baselines}))
    st.caption(
        f"Fitted on {words.counted(floor.num_trained, 'image')}, scored on {floor.num_scored:,}. In brackets "
        "the 95% interval, which takes the images as independent."
    )
