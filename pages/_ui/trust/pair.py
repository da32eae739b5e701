"""One pair of method and layer: what its maps are worth, in numbers, curves and photos."""

from functools import partial
from typing import Literal

import pyarrow as pa
import streamlit as st

from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from core.trust import behind
from core.trust.report.contents import Objects, OnObject, PairEvidence, TrustReport
from pages._ui import words
from pages._ui.kit import figures
from pages._ui.session.question import question_keys
from pages._ui.trust import heat_table
from pages._ui.trust.state import reports

_COLOURS: dict[str, Literal["green", "orange", "red"]] = {BELIEVABLE: "green", WEAK: "orange", NOISE: "red"}


def rows_of(table: pa.Table, pair: PairEvidence) -> pa.Table:
    """The rows of a pair, the highest score first."""
    return behind.of_pair(table, reports.as_pair(pair))


def draw_numbers(report: TrustReport, pair: PairEvidence) -> None:
    """Draw the pair's grade and its measures."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(words.plain(heat_table.title(pair)), anchor=False, width="content")
        st.badge(pair.verdict.capitalize(), color=_COLOURS[pair.verdict])
    st.html(words.facts(_facts(report, pair)))
    if st.button("Explain with it", icon=":material/center_focus_strong:", key="trust_explain",
                 on_click=partial(_take_along, report.checkpoint, pair)):  # fmt: skip
        st.switch_page("pages/explain.py", query_params={})


def draw_curves(rows: pa.Table) -> None:
    """Draw the mean curves over all photos, hidden first and shown first."""
    columns = st.columns(2)
    for column, title, showing in zip(
        columns, ("Hidden, brightest first", "Shown, brightest first"), (False, True), strict=True
    ):
        with column:
            st.plotly_chart(
                figures.trust(behind.mean_lines(rows, showing=showing), title),
                config=figures.CONFIG,
                key=f"trust_mean_{showing}",
            )


def _facts(report: TrustReport, pair: PairEvidence) -> dict[str, str]:
    number = report.photos.number
    facts = {
        "Score": f"{words.signed(pair.score)}, 95% interval {words.signed(pair.low)} to "
        f"{words.signed(pair.high)}",
        "Blob in the centre": words.signed(report.references.centre.score),
        "Edges of the photo": words.signed(report.references.edges.score),
        "Better than random": f"on {words.percent(pair.better_than_random)} of {number} photos "
        f"({words.p_value(pair.p_random)}, corrected)",
        "Better than the centre": f"on {words.percent(pair.better_than_centre)}",
    }
    if pair.sanity is not None:
        facts["Same with a random head"] = f"rank correlation {words.signed(pair.sanity)}; 0 is right"
    if pair.class_correlation is not None:
        facts["Same for another class"] = f"rank correlation {words.signed(pair.class_correlation)}"
    if pair.stability is not None:
        facts["Same under noise"] = f"rank correlation {words.signed(pair.stability)}; 1 is best"
    if report.objects is not None and pair.on_object is not None:
        facts |= _on_object(report.objects, pair.on_object)
    return facts


def _on_object(objects: Objects, overlap: OnObject) -> dict[str, str]:
    return {
        "Heat on the object": f"{words.percent(overlap.energy)}; of a blob in the centre "
        f"{words.percent(objects.centre.energy)}; the object covers {words.percent(objects.area)}",
        "Brightest point on it": f"on {words.percent(overlap.pointing)} of "
        f"{words.counted(objects.number, 'photo')} with masks; the centre on "
        f"{words.percent(objects.centre.pointing)}",
    }


def _take_along(checkpoint: str, pair: PairEvidence) -> None:
    question_keys.choose_method(pair.method)
    question_keys.choose_layer(checkpoint, pair.layer)
