"""Suspected labels: each beside the class that is suggested, with its maps, to decide on."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from core.arrays import IntArray
from core.data.corrections import EXCLUDE, KEEP, RELABEL, UNSURE, Correction
from core.evaluation.comparing.proof import ALL_SAMPLES
from core.evaluation.selection import Sample, SampleFilter, place_of, row_of, sample_at
from core.mistakes import decisions
from core.mistakes.results import Results
from core.mistakes.wrong_labels import WrongLabels
from core.predictions import sample_features
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.samples import gallery
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import fixing, sample_view
from pages._ui.mistakes.state import labels as state
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_SHOWN = {
    "suspected": "Suspected",
    "decided": "Decided",
    "all": "All",
    "odd": "Odd ones",
}
_TITLES = {
    "suspected": "Suspected labels",
    "decided": "Decided labels",
    "all": "All labels, most doubtful first",
}
_BUTTONS = {
    KEEP: ("Keep", "k", ":material/check:", "The given label is right"),
    EXCLUDE: ("Exclude", "x", ":material/block:", "Leave the image out of training and evaluation"),
    UNSURE: ("Unsure", "u", ":material/help:", "Decide later: the label stays"),
}


def draw(results: Results, pictures: Pictures, opened: str | None) -> None:
    """Draw the suspected labels; of the open one both maps, and the buttons to decide."""
    wrong, file = state.wrong(results), state.file_of(pictures)
    decided = decisions.read(file) if file else {}
    left, right = st.columns([11, 9], gap="large")
    with right:
        above = st.container()
        shown = options.segmented(
            "Labels",
            _SHOWN,
            key="labels",
            label_visibility="collapsed",
            on_change=choices.from_the_first_page,
        )
        rows, title = _listed(results, wrong, decided, shown)
        selection = Selection(SampleFilter(), "as_stored", rows, title)
        notes = {name: _in_words(each) for name, each in decided.items()}
        gallery.draw(results, selection, pictures, opened, notes)
    with left:
        if opened:
            suggested = _draw_decision(results, selection, pictures, opened, decided)
            sample_view.draw(results, selection, pictures, opened, above, rival=suggested)
        else:
            _draw_summary(wrong, decided, file, pictures)


def _listed(
    results: Results, wrong: WrongLabels, decided: dict[str, Correction], shown: str
) -> tuple[IntArray, str]:
    """The rows to show, the most doubtful or the oddest first, and their title."""
    found = wrong.suspects
    if shown == "odd":
        return _odd_ones(results)
    if shown == "suspected":
        return found.rows[found.is_suspect], _TITLES[shown]
    if shown == "decided":
        is_decided = np.isin(wrong.table["sample_id"].to_numpy(zero_copy_only=False), list(decided))
        return found.rows[is_decided[found.rows]], _TITLES[shown]
    return found.rows, _TITLES[shown]


def _odd_ones(results: Results) -> tuple[IntArray, str]:
    odd = state.odd_ones(results)
    if odd is None:
        st.caption(words.capital(sample_features.missing(results.evaluation)))
        return np.empty(0, np.int64), "Odd ones"
    what = "training images" if odd.from_training else "other samples"
    return odd.rows, f"Far from all {what} first"


def _draw_summary(
    wrong: WrongLabels, decided: dict[str, Correction], file: Path | None, pictures: Pictures
) -> None:
    """How many labels are suspected, what was decided, and both as files."""
    st.header("Wrong labels", anchor=False)
    st.markdown(
        f"**{words.counted(wrong.num_suspects, 'label')}** of {wrong.table.num_rows:,} "
        f"{'is' if wrong.num_suspects == 1 else 'are'} suspected: another class is predicted, at least as "
        "surely as its own samples usually are (confident learning, by cleanlab). Either the label is wrong "
        "or the network is. Click a picture to see the reasons for both classes, and decide."
    )
    if wrong.caution:
        st.info(wrong.caution, icon=":material/school:")
    if file is None:
        st.caption("Decisions need the images on this machine, and a server that is not open to visitors.")
        return
    _draw_file(file, pictures)
    if decided:
        st.caption(f"Decided so far: {words.counted(len(decided), 'label')}")
        _draw_files(wrong, decided, file, pictures)
        fixing.draw(
            wrong.evaluation, ALL_SAMPLES, "labels", first="corrections", label="Train with corrections"
        )


def _draw_file(file: Path, pictures: Pictures) -> None:
    """Where decisions are kept, and a field for another file."""
    if fault := state.take_fault():
        st.error(words.capital(fault), icon=":material/error:")
    with st.popover("File", icon=":material/description:", key="decisions_in"):
        st.caption(f"Decisions are kept in {words.plain(str(file))}.")
        st.text_input(
            "Another file", key=state.FILE, placeholder="/path/to/corrections.csv",
            on_change=state.choose_file, args=(pictures,),
            help="A new CSV file, or one with decisions on these images; empty for the usual file",
        )  # fmt: skip


def _draw_files(wrong: WrongLabels, decided: dict[str, Correction], file: Path, pictures: Pictures) -> None:
    images = pictures.images.images if pictures.images else None
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Corrections", file.read_bytes, "corrections.csv", "text/csv", key="download_corrections",
            on_click="ignore", icon=":material/download:", help="CSV: sample, decision, label",
        )  # fmt: skip
        st.download_button(
            "Label Studio", lambda: decisions.label_studio(wrong, decided.values(), images),
            "label-studio.json", "application/json", key="download_label_studio", on_click="ignore",
            icon=":material/download:", help="Suspected labels and decisions as tasks for Label Studio",
        )  # fmt: skip
    st.caption("Train and evaluate without wrong labels; the images on disk are not changed:")
    st.code(f"python -m core train RECIPE --corrections {file}", language=None, wrap_lines=True)


def _draw_decision(
    results: Results, selection: Selection, pictures: Pictures, opened: str, decided: dict[str, Correction]
) -> int | None:
    """The given and the suggested label of the open sample, and buttons to decide; the suggested one."""
    row, file = row_of(results.table, opened), state.file_of(pictures)
    if row is None:
        return None
    suggested, confidence = state.wrong(results).suggestion(row)
    if file is None:
        return suggested
    if fault := state.take_fault():
        st.error(f"The decision could not be kept: {words.plain(fault)}.", icon=":material/error:")
    sample, place = sample_at(results.table, row), place_of(selection.rows, row)
    after = place.after if place else None
    following = None if after is None else sample_at(results.table, after).sample_id
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="decision"):
        _draw_relabel(results, sample, suggested, partial(state.relabel, file, pictures, following), decided)
        for decision, (label, shortcut, icon, meaning) in _BUTTONS.items():
            made = Correction(sample.sample_id, decision, path=sample.path)
            st.button(
                label, icon=icon, key=f"decide_{decision}", shortcut=shortcut, help=meaning,
                on_click=partial(state.decide, file, made, following),
                type="primary" if _is(decided, sample, decision) else "secondary",
            )  # fmt: skip
    given, other = (results.class_names[each] for each in (sample.label, suggested))
    st.caption(
        f"Given **{words.plain(given)}**, suggested **{words.plain(other)}** ({words.percent(confidence)})"
    )
    return suggested


def _draw_relabel(
    results: Results,
    sample: Sample,
    suggested: int,
    keep: Callable[[Results, Sample], None],
    decided: dict[str, Correction],
) -> None:
    """The class that is right, and the button that says so; the suggested one unless another is picked."""
    st.selectbox(
        "Right class", range(len(results.class_names)), index=suggested, width=200,
        format_func=results.class_names.__getitem__, key=state.class_key(sample),
    )  # fmt: skip
    st.button(
        "Relabel", icon=":material/edit:", key="decide_relabel", shortcut="l",
        help="The class beside this button is right", on_click=keep, args=(results, sample),
        type="primary" if _is(decided, sample, RELABEL) else "secondary",
    )  # fmt: skip


def _in_words(decision: Correction) -> str:
    words_ = {KEEP: "kept", EXCLUDE: "excluded", UNSURE: "unsure"}
    return words_.get(decision.decision, f"relabelled {decision.label}")


def _is(decided: dict[str, Correction], sample: Sample, decision: str) -> bool:
    return sample.sample_id in decided and decided[sample.sample_id].decision == decision
