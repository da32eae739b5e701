"""The evaluations of a checkpoint: pick one, add one, compare it with another, delete it."""

from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import store
from core.files import places
from core.mistakes.comparable import address, comparable
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from pages._ui import errors, words
from pages._ui.kit.evaluations import evaluating
from pages._ui.session.evaluation import evaluated

_SPLITS = {"val": "validation", "test": "test", "train": "training"}


def pick(name: str, label: str = "Evaluated on") -> Evaluation:
    """Draw the picker of a checkpoint's evaluations, of which it has some."""
    known = {each.name: each for each in evaluations.every(store.find(name))}
    names = list(known)
    if missing := evaluated.missing(names):
        st.warning(
            f"{words.plain(name)} has no evaluation {words.plain(missing[:80])}; this is another one.",
            icon=":material/search_off:",
        )
    evaluated.choose(names)
    chosen: str = st.selectbox(
        label, names, key=evaluated.PICKED, persist_state="session", on_change=evaluated.another
    )
    evaluated.write_address(chosen)
    return known[chosen]


def draw(name: str, row: DeltaGenerator) -> Evaluation:
    """Draw the picker in ``row``, and beside it the buttons that add, compare and delete."""
    evaluating.draw_under_way(name)
    with row:
        chosen = pick(name)
        if st.button("Evaluate on a folder", icon=":material/add:", key="evaluate_now"):
            evaluating.ask_for_folder(name)
        with st.popover("Compare with", icon=":material/compare:", key="compare_with"):
            _draw_others(chosen)
        # Evaluations are the same for all sessions: those of visitors delete none.
        if not places.has_visitors() and st.button(
            "Delete", icon=":material/delete:", key="evaluation_delete", help="Delete this evaluation"
        ):
            _ask_to_delete(chosen)
    if weights_differ(chosen):
        st.warning(
            "The model's weights have changed since this evaluation. Numbers are from the evaluation; "
            "maps are from the current weights. Evaluate again to update the numbers.",
            icon=":material/sync_problem:",
        )
    return chosen


def about(evaluation: Evaluation) -> str:
    """The images of an evaluation, its date and its data: ``256 images of pets, validation · …``."""
    facts = evaluation.facts
    split = _SPLITS.get(facts.split, facts.split)
    parts = [
        f"{words.counted(facts.num_images, 'image')} of {facts.data or 'unnamed images'}"
        + (f", {split}" if split else ""),
        f"{words.counted(facts.num_unknown, 'image')} of unknown classes left out"
        if facts.num_unknown
        else "",
        _day(facts.date),
        f"fingerprint {facts.fingerprint[:12]}" if facts.fingerprint else "",
    ]
    return " · ".join(filter(None, parts))


def weights_differ(evaluation: Evaluation) -> bool:
    """Whether the checkpoint has other weights now than at the time of the evaluation."""
    now = store.read_card(evaluation.of).weights_sha256
    return not evaluation.is_older and evaluation.facts.weights_sha256 != now


def _day(date: str) -> str:
    try:
        day = datetime.fromisoformat(date)
    except ValueError:
        return ""
    return f"evaluated {day.day} {day:%B %Y}"


@st.dialog("Delete this evaluation?", icon=":material/delete:")
@errors.guarded
def _ask_to_delete(evaluation: Evaluation) -> None:
    st.markdown(
        f"**{words.plain(evaluation.name)}**: {words.plain(about(evaluation))}. Its predictions and numbers "
        "will be deleted; the network and the images stay. This cannot be undone."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        kept = st.button("Keep it", key="evaluation_keep")
        deleted = st.button(
            "Delete it", key="evaluation_delete_sure", type="primary",
            on_click=evaluated.delete, args=(evaluation,),
        )  # fmt: skip
    if kept or deleted:
        st.rerun()


def _draw_others(first: Evaluation) -> None:
    """A button for each evaluation that this one can be compared with."""
    others = comparable(first)
    groups = {
        "The same model on other images": [each for each in others if each.of == first.of],
        "Another model on these images": [each for each in others if each.of != first.of],
    }
    for title, group in groups.items():
        if group:
            st.caption(title)
        for each in group:
            label = each.name if each.of == first.of else each.of.name
            if st.button(
                words.plain(label), key=f"with_{address(each)}", width="stretch",
                help=words.plain(about(each)), on_click=evaluated.compare_with, args=(address(each),),
            ):  # fmt: skip
                st.switch_page("pages/compare.py", query_params={})
    if not others:
        st.markdown("Nothing yet. Evaluate on another folder, or train another model on these images.")
