"""What is shown of a network whose maps have not been tested."""

import streamlit as st

from pages._ui import words
from pages._ui.trust import testing


def draw(name: str, note: str, *, is_testing: bool) -> None:
    """Say that there is no report, or why it cannot be used, and ask for photos to test the maps on."""
    if note:
        st.warning(words.capital(note), icon=":material/sync_problem:")
    if is_testing:
        return
    st.info(
        f"The maps of **{words.plain(name)}** have not been tested yet. A test hides the places that each "
        "method marks at each layer, on a sample of photos, and compares what happens with random places, "
        "the centre and the edges. Two dozen photos take a minute with a small network, and ten with a "
        "large one.",
        icon=":material/experiment:",
    )
    testing.draw_form(name)
