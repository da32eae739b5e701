"""Test the maps of a checkpoint from the page: ask for the photos, watch the progress, stop and resume."""

from contextlib import suppress
from functools import partial
from pathlib import Path

import streamlit as st

from core.checkpoints import store
from core.errors import CoreError, DataError, EvaluationError
from core.files import places
from core.trust.testing import background, workplace
from core.trust.testing.workplace import USUAL_SAMPLES, TrustOptions, Unfinished
from pages._ui import errors, words
from pages._ui.kit import background_work
from pages._ui.kit.pickers import layout_picker
from pages._ui.session import values
from pages._ui.session.data import folders

_LIVE_S = 1.0
_MOST_SAMPLES = 10_000
_FOLDER, _SAMPLES, _LAYOUT = "trust_test_folder", "trust_test_samples", "trust_test_layout"
_MASKS = "trust_test_masks"


def draw_under_way(name: str) -> bool:
    """Show the progress of a test that is running, or offer to resume one; whether one is running."""
    folder = store.find(name)
    if workplace.is_under_way(folder):
        st.fragment(errors.guarded(_draw_progress), run_every=_LIVE_S)(name)
        return True
    if interrupted := workplace.unfinished(folder):
        background_work.draw_interrupted(
            _in_words(interrupted),
            key="trust_test",
            name=name,
            resume=partial(background.start, folder, interrupted.options),
            forget=partial(_forget, folder),
        )
    return False


def draw_button(name: str) -> None:
    """Draw the button that asks for another test, which replaces the report of all sessions."""
    if not places.has_visitors() and st.button("Test again", icon=":material/experiment:", key="trust_again"):
        _ask_again(name)


def draw_form(name: str) -> None:
    """Ask for the photos and their number, and start the test."""
    with st.form("trust_test", border=False):
        left, right = st.columns([3, 1])
        entered = left.text_input(
            "Folder of photos, labelled or not", key=_FOLDER, placeholder="the images of its evaluation"
        )
        number = right.number_input("Photos", 1, _MOST_SAMPLES, USUAL_SAMPLES, key=_SAMPLES)
        masks = st.text_input(
            "Folder of masks, if there is one", key=_MASKS, placeholder="masks or boxes beside the photos",
            help="Pictures with the photos' names, black where there is no object: the test then also says "
            "how much of each map lies on the object.",
        )  # fmt: skip
        wanted = st.form_submit_button("Test maps", type="primary", icon=":material/play_arrow:")
    st.caption(words.plain(f"Or in a terminal: python -m core trust {name} --data FOLDER"))
    typed, folder = values.text(entered).strip(), store.find(name)
    if not wanted and not typed:
        return
    try:
        place, beside = (
            folders.taken(each) if each else None for each in (typed, values.text(masks).strip())
        )
        layout = _layout(folder, place)
        if layout is None:
            st.caption("Choose one, then press Test maps.")
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    if wanted and layout is not None:
        options = TrustOptions(
            data=str(place or ""), layout=layout, samples=int(number), masks=str(beside or "")
        )
        background_work.start(partial(background.start, folder, options))


@st.dialog("Test the maps again", icon=":material/experiment:", width="medium")
@errors.guarded
def _ask_again(name: str) -> None:
    st.markdown(
        f"Test the maps of **{words.plain(name)}** on other photos, or on more of them: the intervals become "
        "narrower. The new report replaces this one when it is complete."
    )
    draw_form(name)


def _layout(folder: Path, place: Path | None) -> str | None:
    """The layout of the folder; empty for photos without labels, None while the user has to choose one."""
    if place is None:
        return ""
    with suppress(DataError):  # No classes: the maps of any photos can be tested.
        return layout_picker.pick(place, _LAYOUT, store.read_card(folder).class_names)
    return ""


def _draw_progress(name: str) -> None:
    """Show the progress; draw the page again when the test has ended."""
    folder = store.find(name)
    if not workplace.is_under_way(folder):
        st.rerun()
    progress, is_stopping = workplace.progress_of(folder), workplace.is_stopping(folder)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.progress(
            progress.share if progress else 0.0,
            text=f"Testing maps: {progress or 'starting'}. You can leave this page meanwhile.",
        )
        st.button(
            "Stopping…" if is_stopping else "Stop", icon=":material/stop_circle:", key="trust_test_stop",
            disabled=is_stopping, help="Stops after the current photo and keeps the tested ones.",
            on_click=workplace.ask_to_stop, args=(folder,),
        )  # fmt: skip


def _in_words(interrupted: Unfinished) -> str:
    done = f"{interrupted.num_done:,} of {words.counted(interrupted.num_photos, 'photo')}"
    if interrupted.reason:
        return f"The test of the maps failed after {done}. {words.capital(interrupted.reason)}"
    ended = "stopped" if interrupted.was_stopped else "interrupted"
    return f"The test of the maps was {ended} after {done}."


def _forget(folder: Path) -> None:
    with suppress(EvaluationError):  # Another process continues it.
        workplace.forget(folder)
