"""What is chosen among the samples of an evaluation: classes, order, page, and the sample that is open."""

from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.evaluation.feature_space import areas
from core.evaluation.feature_space.areas import Area
from core.evaluation.matrix_view import classes_of_most_confused
from core.mistakes.results import Results

# Names in the address.
TRUE, PREDICTED, ONLY, ORDER, PAGE, SPLIT, VIEW = "true", "pred", "only", "order", "page", "split", "view"
CURVE, FEW = "curve", "few"
# A name in the address, too; it must not be the key of a widget.
SAMPLE, SAMPLE_NEXT = "sample", "sample_next"
# A name in the address: the area of the map whose samples are shown.
AREA = "area"
# The checkpoint whose classes the pickers hold.
_CHOSEN_OF = "results_of"


def usual_class(results: Results) -> int:
    """The class whose curves are shown first: the true class that is chosen, else one that is confused."""
    name = st.session_state.get(TRUE)
    if name in results.class_names:
        return results.class_names.index(name)
    return classes_of_most_confused(results.metrics.confusion_matrix, 1)[0]


def show_view(name: str) -> None:
    """Turn to a part of the page; before its picker is drawn."""
    st.session_state[VIEW] = name


def choices_are_of(name: str) -> None:
    """Forget what was chosen for another checkpoint's classes; before the pickers are drawn."""
    if st.session_state.get(_CHOSEN_OF) not in (None, name):
        # Set, not removed: the browser would keep showing the picker's old value.
        st.session_state.update({TRUE: None, PREDICTED: None, ONLY: "wrong", CURVE: None, FEW: []})
        st.session_state.pop(SPLIT, None)
        from_the_first_page()
        open_sample(None)
    st.session_state[_CHOSEN_OF] = name


def set_picker(key: str, value: str | None, written: str | None) -> None:
    """Set a picker that is bound to the address, where it is ``written`` so; before it is drawn.

    One that has not been drawn yet on this page does not write itself.
    """
    st.session_state[key] = value
    if written is not None:
        with suppress(StreamlitAPIException):  # It has been drawn, and writes itself.
            st.query_params[key] = written


def from_the_first_page() -> None:
    """Begin at the first page of samples; before its picker is drawn."""
    st.session_state[PAGE] = 1


def open_sample(sample_id: str | None) -> None:
    """Look at this sample from the next run of the page on, or at none."""
    st.session_state[SAMPLE_NEXT] = sample_id


def opened() -> str | None:
    """The sample to look at, which is in the address; once, as the page begins."""
    if SAMPLE_NEXT in st.session_state:
        wanted = st.session_state.pop(SAMPLE_NEXT)
        if wanted:
            st.query_params[SAMPLE] = wanted
        else:
            st.query_params.pop(SAMPLE, None)
    linked: str | None = st.query_params.get(SAMPLE)
    return linked


def area() -> Area | None:
    """The area of the map to which samples are limited, from the address."""
    return areas.read(st.query_params.get(AREA, ""))


def choose_area(chosen: Area | None) -> None:
    """Limit the samples to an area of the map, or no longer; before the pickers are drawn."""
    if chosen is None:
        st.query_params.pop(AREA, None)
    else:
        st.query_params[AREA] = str(chosen)
    from_the_first_page()
