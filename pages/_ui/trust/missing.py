"""What is shown of a network whose maps have not been tested."""

import streamlit as st

from pages._ui import words
from pages._ui.session.checkpoints.models import Loaded


def draw(loaded: Loaded, note: str) -> None:
    """Say that there is no report, or why it cannot be used, and how to test the maps."""
    name = loaded.checkpoint.name
    if note:
        st.warning(words.capital(note), icon=":material/sync_problem:")
    st.info(
        f"The maps of **{words.plain(name)}** have not been tested yet. A test hides the places that each "
        "method marks at each layer, on a sample of photos, and compares what happens with random places, "
        "the centre and the edges. Two dozen photos take a few minutes.",
        icon=":material/experiment:",
    )
    st.markdown("In a terminal, with any folder of photos, labelled or not:")
    st.code(f"python -m core trust {name} --data FOLDER", language="sh")
