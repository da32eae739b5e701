"""One checkpoint on two data sets, such as validation against the real world: what fell, and where."""

from functools import partial
from typing import Literal

import streamlit as st

from core.evaluation.comparing.two_data_sets import counted, headline, in_words, mix, shift_table, sureness
from core.evaluation.comparing.verdict import points
from core.evaluation.metrics import calibration_bins
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.compare import data_samples, per_class
from pages._ui.compare.state import data_sets
from pages._ui.compare.state.data_sets import TwoDataSets
from pages._ui.kit import figures, options
from pages._ui.session import values

_TABS = {"classes": "Classes", "calibration": "Calibration", "matrices": "Matrices", "samples": "Samples"}
_TABLE = "shift_table"
_FEW, _TALL = 6, 280


def draw(first: Results, second: Results) -> None:
    """Draw the result in one sentence, the numbers that moved, and a part to choose."""
    both = data_sets.of(first, second)
    top = st.container()
    tab = options.segmented("Show", _TABS, key=data_sets.TAB, label_visibility="collapsed")
    with top:
        if tab == "classes":
            _draw_story(both)
        else:
            _draw_headline(both)
    if tab == "classes":
        _draw_classes(both)
    elif tab == "calibration":
        _draw_calibration(both)
    elif tab == "matrices":
        data_samples.draw_matrices(both)
    else:
        data_samples.draw(both)


def _draw_headline(both: TwoDataSets) -> None:
    """The result in one sentence."""
    st.markdown(f"## {words.plain(headline(both.shift, both.first.name, *both.names))}", anchors=False)


def _draw_story(both: TwoDataSets) -> None:
    """The result in one sentence, what the test says, and the numbers that moved."""
    shift, names = both.shift, both.names
    with st.container(key="compare_top"):
        left, right = st.columns([6, 5], gap="large", vertical_alignment="top")
    with left:
        _draw_headline(both)
        for sentence in (sureness(shift, *names), in_words(shift, *names)):
            st.markdown(words.plain(sentence))
        st.caption(words.plain(" ".join(filter(None, (mix(shift, *names), f"{counted(shift)}.")))))
    with right:
        _draw_numbers(both)


def _draw_numbers(both: TwoDataSets) -> None:
    """Each number before and after, and its change."""
    first, second = both.first.metrics, both.second.metrics
    with st.container(horizontal=True, gap="small", key="shift_numbers"):
        _percent("Accuracy", first.accuracy, second.accuracy)
        _percent("Balanced accuracy", first.balanced_accuracy, second.balanced_accuracy)
        _percent("Calibration error (ECE)", first.ece, second.ece, delta_color="inverse")
        st.metric(
            "Log loss, nats", f"{first.log_loss:.3f} → {second.log_loss:.3f}",
            f"{second.log_loss - first.log_loss:+.3f}", delta_color="inverse", border=True,
        )  # fmt: skip
    st.caption(words.plain("Each number: {} → {}.".format(*both.names)))


def _percent(
    label: str, first: float, second: float, delta_color: Literal["normal", "inverse"] = "normal"
) -> None:
    change = points(second - first).replace(words.MINUS, "-")  # The arrow follows this sign.
    st.metric(
        label, f"{words.accuracy(first)} → {words.accuracy(second)}",
        None if change == "0.0" else f"{change} points", delta_color=delta_color, border=True,
    )  # fmt: skip


def _draw_classes(both: TwoDataSets) -> None:
    """A row for each class, the largest fall first; a click shows its mistakes on both."""
    rows = per_class.first_rows(shift_table(both.shift.classes, both.first.class_names))
    first, second = both.names
    column = st.column_config
    st.caption(
        f"Recall is the share of a class's samples that are right; before: {words.plain(first)}, after: "
        f"{words.plain(second)}. Largest fall first. Each 95% interval is for its own class: among many "
        "classes, some move by chance. Click the box at the left of a row to see its samples."
    )
    share = partial(column.ProgressColumn, format="%.1f%%", min_value=0.0, max_value=100.0)
    moved = partial(column.NumberColumn, format="%.1f")
    st.dataframe(
        rows.style.map(per_class.colour, subset=["change"]).format(
            {"change": per_class.signed, "low": per_class.signed, "high": per_class.signed},
            na_rep="—",
        ),
        hide_index=True,
        height=_TALL if len(rows) > _FEW else "auto",
        key=_TABLE,
        selection_mode="single-row",
        on_select=partial(_choose_row, both, rows["class_idx"].tolist()),
        column_order=[
            "name", "change", "low", "high", "before", "after", "first_support", "second_support",
        ],
        column_config={
            "name": column.TextColumn("Class"),
            "change": moved("Change, points"),
            "low": moved("from", help="The lower end of the 95% interval of the change"),
            "high": moved("to", help="The upper end of the 95% interval of the change"),
            "before": share("Recall before", help=first),
            "after": share("Recall after", help=second),
            "first_support": column.NumberColumn("Samples before", format="localized"),
            "second_support": column.NumberColumn("Samples after", format="localized"),
        },
    )  # fmt: skip


def _choose_row(both: TwoDataSets, class_idx: list[int]) -> None:
    row = values.row(_TABLE, len(class_idx))
    if row is not None:
        data_sets.show_class(both, class_idx[row])


def _draw_calibration(both: TwoDataSets) -> None:
    """Both reliability diagrams, on the same axes."""
    with st.container(key="quality_confidence"):
        columns = st.columns(2, gap="large")
    for column, results, side in zip(columns, (both.first, both.second), data_sets.SAMPLES, strict=True):
        with column:
            st.markdown(f"## {words.plain(results.evaluation.name)}", anchors=False)
            st.plotly_chart(
                figures.reliability(calibration_bins(results.table)), key=f"reliability_{side}",
                config=figures.CONFIG, alt=f"Reliability diagram on {results.evaluation.name}",
            )  # fmt: skip
            st.caption(
                f"Expected calibration error: **{words.accuracy(results.metrics.ece)}**. "
                f"Log loss: **{results.metrics.log_loss:.3f}** nats."
            )
    st.caption("Bars below the dotted line: overconfident. Above each bar: the number of samples.")
