"""The average map of a selection: does the network look at the same place every time?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explanation.question import Question, Score
from core.mistakes import average_map
from core.mistakes.average_map import AverageMap
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.kit import average_maps
from pages._ui.kit.average_maps import MOST
from pages._ui.kit.components import panes
from pages._ui.kit.components.panes import Pane
from pages._ui.kit.samples.gallery import Selection
from pages._ui.session.data.image_access import Pictures

_FOR = {"predicted": "Predicted class", "true": "True class"}


def is_wanted(selection: Selection, pictures: Pictures, head: DeltaGenerator, otherwise: str) -> bool:
    """Draw the heading and, where there are samples to average, the switch; whether the map is wanted.

    The heading is ``otherwise`` if it is not.
    """
    title, number = head.empty(), _number(selection)
    is_possible = pictures.images is not None and number > 1
    wanted = is_possible and head.toggle(
        "Average map",
        key="average",
        bind="query-params",
        persist_state="session",
        help="The mean over the selected samples. Does the network look at the same "
        "place every time: a border, a watermark, the grass?",
    )
    which = "these" if number == len(selection.rows) else "the first"
    title.header(
        f"Average map of {which} {number} samples" if wanted else otherwise,
        anchor=False, width="content",
    )  # fmt: skip
    return bool(wanted)


def draw(results: Results, selection: Selection, pictures: Pictures) -> None:
    """Draw the average map of the samples selected."""
    question = Question(scores=(Score(_class(selection)),))
    average = average_maps.averaged(results, selection.rows[:MOST].tolist(), pictures, question)
    if average is None:
        st.warning("None of these images can be read.", icon=":material/hide_image:")
        return
    _draw(average)


def _number(selection: Selection) -> int:
    """How many samples are averaged."""
    return min(len(selection.rows), MOST)


def _class(selection: Selection) -> int | None:
    """The class that is explained; None for each sample's own prediction."""
    label, predicted = selection.cell
    if label is None or label == predicted:
        return None
    chosen = st.segmented_control(
        "For", list(_FOR), default="predicted", required=True, key="average_for",
        format_func=_FOR.__getitem__, label_visibility="collapsed",
    )  # fmt: skip
    return label if chosen == "true" else None


def _draw(average: AverageMap) -> None:
    drawn = average_map.pictures(average)
    unit = "logits" if average.in_logits else "raw"
    panes.draw(
        [
            Pane(drawn.seen, "Mean image", words.counted(average.count, "sample")),
            Pane(drawn.heat, "Where it looks", "mean of heat maps, each on its own scale"),
            Pane(drawn.signed, "For and against", f"mean of the maps, in {unit}"),
        ],
        None,
        key="average_panes",
        hint="",
    )
    if average.agreement is not None:
        st.caption(
            f"Mean agreement of two maps: **{average.agreement:+.2f}** (1: always the same place; "
            "0: the places have nothing in common). High agreement is suspicious where the object is in a "
            "different place in each photo; the mean image shows whether it is."
        )
    if average.num_broken:
        st.caption(f"{words.counted(average.num_broken, 'image')} could not be read.")
