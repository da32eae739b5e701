"""Evaluate a checkpoint on a folder of images, and watch the progress."""

from functools import partial
from pathlib import Path

import streamlit as st

from core.checkpoints import store
from core.checkpoints.local import remembered_data, remembered_layout
from core.errors import CoreError
from core.mistakes import results
from core.predictions import evaluations
from core.predictions.evaluating import background
from core.predictions.evaluating.naming import proposed_name
from core.predictions.evaluating.samples import open_images, samples_of
from core.predictions.evaluating.workplace import num_predicted, progress_of
from core.predictions.evaluations import Evaluation
from pages._ui import errors, words
from pages._ui.kit import background_work
from pages._ui.kit.pickers import layout_picker
from pages._ui.session import values
from pages._ui.session.checkpoints import models
from pages._ui.session.data import folders
from pages._ui.session.evaluation import evaluated

_LIVE_S = 1.0
_FOLDER, _NAME, _SPLIT = "evaluation_folder", "evaluation_name", "evaluation_split"
_LAYOUT = "evaluation_layout"
_SPLITS = {"val": "Validation", "test": "Test", "train": "Training", "all": "All images"}


def draw(name: str) -> None:
    """Say that there is nothing to show yet, ask for a folder of images, and offer other checkpoints."""
    if not draw_under_way(name):
        st.info(
            f"**{words.plain(name)}** has not been evaluated yet. Enter a folder of labelled images, with "
            "one subfolder per class or in the layout of a public data set, to see what it gets wrong.",
            icon=":material/fact_check:",
        )
        _draw_form(name)
    others = results.available()
    if others:
        st.markdown("These models have been evaluated:")
        with st.container(horizontal=True, gap="small"):
            for other in others:
                st.button(
                    words.plain(other),
                    key=f"instead_{other}",
                    on_click=models.choose_checkpoint,
                    args=(other,),
                )


def draw_under_way(name: str) -> bool:
    """Show the progress of a checkpoint's evaluations that are running; whether there are any."""
    if ended := evaluated.arrived(name):
        st.error(words.plain(f"The evaluation ended without results: {ended}."), icon=":material/error:")
    names = evaluations.under_way(store.find(name))
    if names:
        st.fragment(errors.guarded(_draw_progress), run_every=_LIVE_S)(name, names)
    else:
        _draw_interrupted(name)
    return bool(names)


def _draw_interrupted(name: str) -> None:
    """Offer to resume an interrupted evaluation, or to delete what it has done."""
    folder = store.find(name)
    for each in evaluations.interrupted(folder):
        done = words.counted(num_predicted(folder, each.name), "image")
        background_work.draw_interrupted(
            f"The evaluation **{words.plain(each.name)}** was interrupted after {done}.",
            key="evaluation",
            name=each.name,
            resume=partial(_go_on, each),
            forget=partial(evaluated.forget, folder, each.name),
        )


def draw_again(evaluation: Evaluation, reason: str) -> None:
    """Say what an evaluation lacks, with a button that makes it again under its name."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True):
        st.markdown(words.capital(reason))
        is_running = evaluations.is_under_way(evaluation.of, evaluation.name)
        if st.button("Evaluate again", icon=":material/refresh:", key="evaluate_again", disabled=is_running):
            background_work.start(partial(_go_on, evaluation))


def _go_on(begun: Evaluation) -> None:
    """Evaluate again under a name, or go on where that was interrupted, and open it when it is done."""
    folder, name, split = begun.of, begun.name, begun.facts.split or "val"
    place, layout = remembered_data(begun.folder), remembered_layout(begun.folder)
    background.start(folder, place, split, name, layout=layout)
    evaluated.wait_for(folder.name, name)


@st.dialog("Evaluate on a folder", icon=":material/add:", width="medium")
@errors.guarded
def ask_for_folder(name: str) -> None:
    """Ask for a folder to evaluate on, for a checkpoint that may have other evaluations."""
    st.markdown(
        f"How well does **{words.plain(name)}** do on other images: newer ones, your own, from another "
        "camera? Enter a folder of labelled images. Existing evaluations are kept."
    )
    _draw_form(name)


def _draw_form(name: str) -> None:
    """Ask for the folder, the split, and a name for the evaluation."""
    with st.form("evaluation", border=False):
        entered = st.text_input("Folder of the images", key=_FOLDER, placeholder="/path/to/images")
        typed = values.text(entered).strip()
        left, right = st.columns(2)
        split = left.selectbox(
            "Split", list(_SPLITS), format_func=_SPLITS.__getitem__, key=_SPLIT,
            help="Images without a split count as validation.",
        )  # fmt: skip
        named = values.text(right.text_input("Name", key=_NAME, placeholder="the folder's name")).strip()
        wanted = st.form_submit_button("Evaluate", type="primary", icon=":material/play_arrow:")
    st.caption(words.plain(f"Or in a terminal: python -m core evaluate {name} --data FOLDER --as NAME"))
    if not wanted and not typed:
        return
    try:
        place = folders.taken(typed) if typed else None
        layout = _layout(store.find(name), place)
        if layout is None:
            st.caption("Choose one, then press Evaluate.")
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    if wanted and layout is not None:
        background_work.start(partial(_start, store.find(name), place, layout, split, named))


def _layout(folder: Path, place: Path | None) -> str | None:
    """The layout of the folder; None while the user has to choose one."""
    return "" if place is None else layout_picker.pick(place, _LAYOUT, store.read_card(folder).class_names)


def _start(folder: Path, place: Path | None, layout: str, split: str, named: str) -> None:
    """Start the evaluation under its name, and open it when it is done."""
    card = store.read_card(folder)
    samples = samples_of(card, open_images(folder, place, layout), split)
    name = named or proposed_name(evaluations.every(folder), card, samples)
    background.start(folder, place, split, name, layout)
    evaluated.wait_for(folder.name, name)


def _draw_progress(checkpoint_name: str, names: list[str]) -> None:
    """Show the progress; draw the page again when an evaluation has ended."""
    folder = store.find(checkpoint_name)
    if evaluations.under_way(folder) != names:
        st.rerun()
    for name in names:
        progress = progress_of(folder, name) or "starting"
        st.info(
            f"**{words.plain(name)}** is being evaluated: {progress}. You can leave this page meanwhile.",
            icon=":material/hourglass_top:",
        )
