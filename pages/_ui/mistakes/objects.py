"""A button that measures each sample's object and the heat on it, where the data set marks the objects."""

import streamlit as st

from core.mistakes.reports import OBJECTS
from core.mistakes.results import Results
from core.predictions import properties
from pages._ui import words
from pages._ui.mistakes import making
from pages._ui.mistakes.state import maps
from pages._ui.mistakes.state import objects as state
from pages._ui.session.data.image_access import Pictures


def draw(results: Results, pictures: Pictures) -> None:
    """Draw the button; while they are measured, the progress; afterwards what was measured."""
    if properties.OBJECTS[0] in maps.properties(results):
        _draw_measured(results)
        return
    if (
        making.is_under_way(results, OBJECTS, "Measuring objects")
        or not making.may_start()
        or not state.are_marked(pictures)
    ):
        return
    pressed = st.button(
        "Measure objects",
        icon=":material/select_all:",
        key="measure_objects",
        type="tertiary",
        help="By the masks of this data set: how large each object is, and how much of the map's heat is on "
        "it. Both become properties: for groups, and as colours of the map. Makes a map for each sample.",
    )
    if pressed:
        making.start(results, OBJECTS)


def _draw_measured(results: Results) -> None:
    found = making.last(results, OBJECTS)
    if found and found.get("heat_where_right") is not None and found.get("heat_where_wrong") is not None:
        st.caption(
            f"Heat on the object: {words.percent(found['heat_where_right'])} where the prediction is right, "
            f"{words.percent(found['heat_where_wrong'])} where it is wrong "
            f"({words.counted(found['num_images'], 'sample')} with a mask)."
        )
