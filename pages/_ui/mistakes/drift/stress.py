"""The stress test: accuracy where photos are made worse in steps, and the samples that flip at a step."""

from typing import Any

import streamlit as st

from core.evaluation.selection import row_of, sample_at
from core.mistakes import stress
from core.mistakes.reports import STRESS
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.kit import figures
from pages._ui.kit.components import tile_box
from pages._ui.kit.samples import gallery
from pages._ui.mistakes import making
from pages._ui.mistakes.drift import before_after, curves
from pages._ui.mistakes.state import drift as state
from pages._ui.session.data import image_access

_USUAL, _MOST = 200, 10_000  # Samples.
_USUAL_CLASSES = 2


def draw(results: Results) -> None:
    """Draw the curves of the last stress test, or the button that starts one."""
    st.markdown(
        "How far do predictions hold where photos get darker, brighter, flatter, blurred, noisy, "
        "compressed, smaller or rotated? Each sample is predicted 33 times."
    )
    report = making.offer(results, STRESS, "Predicting worse photos", _draw_form)
    if report is not None:
        _draw_report(results, report)


def _draw_form(results: Results) -> None:
    with st.form("stress", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("Samples", 1, _MOST, _USUAL, key="stress_samples", width=160)
        wanted = st.form_submit_button("Run stress test", icon=":material/play_arrow:")
    if wanted:
        making.start(results, STRESS, "--samples", str(int(number)))


def _draw_report(results: Results, report: dict[str, Any]) -> None:
    _draw_curves(results, report)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox("Photos get worse in", list(report["kinds"]), key=state.KIND, width=220)
        steps = report["kinds"][kind]["steps"]
        number = st.selectbox(
            "Step", range(len(steps)), key=state.STEP, width=280,
            format_func=lambda place: f"{steps[place]['value']:g} {report['kinds'][kind]['unit']}",
        )  # fmt: skip
    flipped = steps[number]["flipped"]
    opened = state.sample_under_stress()
    if opened and opened in flipped and (row := row_of(results.table, opened)) is not None:
        before_after.draw(results, sample_at(results.table, row), kind, steps[number]["value"])
    _draw_flipped(results, flipped, opened)


def _draw_curves(results: Results, report: dict[str, Any]) -> None:
    """Accuracy by kind and step: of all samples, of each class as a thin line, and of chosen classes."""
    classes = stress.weakest_classes(report)
    chosen = st.multiselect(
        "Classes to compare", classes, default=classes[:_USUAL_CLASSES], max_selections=len(curves.COLOURS),
        key=f"stress_classes_{results.name}_{results.evaluation.name}",
        format_func=lambda name: words.readable(words.shortened(name)),
        help="The classes with the lowest accuracy come first.",
    )  # fmt: skip
    st.plotly_chart(
        curves.figure(report, chosen), key=state.CURVES, config=figures.CONFIG,
        on_select=state.choose_clicked_step, selection_mode="points",
        alt="Accuracy by kind and step of degradation, of all samples and of classes",
    )  # fmt: skip
    st.caption(
        f"{words.counted(report['num_samples'], 'sample')}; {words.accuracy(report['accuracy'])} are right "
        "as they are (dotted). The thick line is of all samples, with 95% intervals; thin lines are of each "
        "class. Steps go from mild to strong; click one to see the samples that it turns wrong."
    )


def _draw_flipped(results: Results, flipped: list[str], opened: str | None) -> None:
    """The samples that are right as they are and wrong at this step; a click shows one before and after."""
    st.markdown(f"**{words.counted(len(flipped), 'sample')} right as they are and wrong at this step**")
    rows = [row for name in flipped[: gallery.PAGE_SIZE] if (row := row_of(results.table, name)) is not None]
    samples = [sample_at(results.table, row) for row in rows]
    if samples:
        pictures = image_access.pictures(results.evaluation)
        tile_box.draw(
            gallery.tiles_of(results, samples, pictures, opened), label="Samples that flip", key="flipped",
            side=96, on_pick=state.look_under_stress,
        )  # fmt: skip
