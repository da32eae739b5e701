"""Suspected labels in memory, and where decisions on them are kept."""

from pathlib import Path

import streamlit as st

from core.data import corrections
from core.data.corrections import RELABEL, Correction
from core.errors import CoreError
from core.evaluation.selection import Sample
from core.files import places
from core.mistakes import decisions, wrong_labels
from core.mistakes import odd_ones as odd_ones_
from core.mistakes.odd_ones import OddOnes
from core.mistakes.results import Results
from core.mistakes.wrong_labels import WrongLabels
from pages._ui.session import values
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices, result_cache

FILE = "decisions_file"  # The key of a field.
_FAILED, _CHOSEN = "decision_failed", "chosen_decisions_files"


def wrong(results: Results) -> WrongLabels:
    """The labels of an evaluation in order of doubt, from memory if its table has not changed."""
    return _wrong(result_cache.key_of(results), results)


def odd_ones(results: Results) -> OddOnes | None:
    """The samples of an evaluation, the oddest first, from memory if nothing has changed."""
    return _odd_ones(result_cache.key_of(results), results)


def file_of(pictures: Pictures) -> Path | None:
    """The file of the decisions on these images; None where images are missing, or visitors come."""
    if pictures.images is None or places.has_visitors():
        return None
    usual = corrections.usual_place(pictures.images.images)
    chosen: dict[Path, Path] = st.session_state.get(_CHOSEN, {})
    return chosen.get(usual, usual)


def choose_file(pictures: Pictures) -> None:
    """Keep decisions on these images in the file that was typed; the usual one if the field is empty."""
    if pictures.images is None:
        return
    usual, typed = corrections.usual_place(pictures.images.images), values.typed(FILE)
    try:
        file = corrections.named(typed) if typed else usual
    except CoreError as error:
        st.session_state[_FAILED] = str(error)
        return
    st.session_state[_CHOSEN] = st.session_state.get(_CHOSEN, {}) | {usual: file}


def decide(file: Path, decision: Correction, following: str | None) -> None:
    """Keep a decision, then open the sample that follows; before the page is drawn."""
    try:
        decisions.record(file, decision)
    except CoreError as error:
        st.session_state[_FAILED] = str(error)
        return
    choices.open_sample(following or decision.sample_id)


def class_key(sample: Sample) -> str:
    """The key of the picker of a sample's right class."""
    return f"label_class {sample.sample_id}"


def relabel(file: Path, pictures: Pictures, following: str | None, results: Results, sample: Sample) -> None:
    """Keep the class that is picked as the right one of a sample; else as `decide`."""
    class_idx = int(st.session_state.get(class_key(sample), sample.predicted))
    if pictures.images is not None:
        name = decisions.name_in_data(pictures.images.images, results.card.class_names, class_idx)
        decide(file, Correction(sample.sample_id, RELABEL, name, sample.path), following)


def take_fault() -> str | None:
    """Why the last decision, or the file that was typed, could not be used; once."""
    fault: str | None = st.session_state.pop(_FAILED, None)
    return fault


@st.cache_resource(max_entries=4, show_spinner="Comparing features…")
def _odd_ones(key: str, _results: Results) -> OddOnes | None:  # noqa: ARG001 (the key of the cache)
    return odd_ones_.odd_ones(_results)


@st.cache_resource(max_entries=4, show_spinner="Looking for wrong labels…")
def _wrong(key: str, _results: Results) -> WrongLabels:  # noqa: ARG001 (the key of the cache)
    return wrong_labels.of_table(
        _results.evaluation, _results.class_names, _results.table, result_cache.scores(_results)
    )
