"""Where the samples of each class went: what changed, and both matrices beside each other."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.arrays import IntArray
from core.evaluation import matrix_view
from core.evaluation.comparing.pair_selection import ALL
from core.evaluation.confusion import ConfusionMatrix, most_counted
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit import options
from pages._ui.kit.components import lines, matrix
from pages._ui.kit.components.matrix import MOST_CLASSES, Grid, Pick
from pages._ui.kit.pickers import class_pickers

_FEW, _MOST_CHOSEN, _PAIRS = 12, 30, 25
_VIEWS = {"change": "What changed", "both": "Side by side"}


def draw(compared: Compared, row: DeltaGenerator) -> None:
    """What changed, or both matrices, as chosen in ``row``; a click shows the samples of a cell."""
    with row:
        view = options.segmented("Matrices", _VIEWS, key=comparisons.MATRICES, label_visibility="collapsed")
        shown = _shown_classes(compared)
    if view == "change":
        _draw_change(compared, shown)
    else:
        _draw_both(compared, shown)
    num_classes = len(compared.pair.class_names)
    if len(shown) < num_classes:
        st.caption(f"{len(shown)} of {num_classes:,} classes.")


def _draw_both(compared: Compared, shown: IntArray) -> None:
    """Both matrices beside each other, in the same colours."""
    with st.container(key="compare_matrices"):
        columns = st.columns(2, gap="large")
    views = matrix_view.side_by_side(compared.matrices, shown)
    label, said_first, said_second = comparisons.chosen_classes(compared)
    with columns[0]:
        st.markdown(f"## {words.plain(compared.first.name)}", anchors=False)
        _draw_one(compared, compared.matrices.first, views[0], (label, said_first), key="matrix_first")
    with columns[1]:
        st.markdown(f"## {words.plain(compared.second.name)}", anchors=False)
        _draw_one(compared, compared.matrices.second, views[1], (label, said_second), key="matrix_second")


def _shown_classes(compared: Compared) -> IntArray:
    """All classes; if there are too many, the chosen ones or those that changed most."""
    names = compared.pair.class_names
    if len(names) <= MOST_CLASSES:
        return matrix_view.ordered(compared.matrices.first, "given")
    usual = matrix_view.classes_of_most_confused(compared.matrices.difference, _FEW)
    chosen = class_pickers.some(
        "Classes in the matrices",
        names,
        compared.matrices.difference,
        key=comparisons.FEW,
        placeholder=f"the {len(usual)} that changed most",
        most=_MOST_CHOSEN,
    )
    return np.array(chosen or usual)


def _draw_change(compared: Compared, shown: IntArray) -> None:
    with st.container(key="compare_change"):
        left, right = st.columns([11, 9], gap="large")
    with left:
        matrix.draw(
            Grid(
                matrix_view.change(compared.matrices, shown),
                compared.pair.class_names,
                "Change of the confusion matrix, rows true, columns predicted",
                "Hover over a cell to read its numbers; click to see its samples",
                compared.matrices.first.of_label,
                compared.matrices.second.of_prediction,
                before=compared.matrices.first.part(shown),
            ),
            (None, None),
            _picker(compared),
            key="matrix_change",
        )
    with right:
        _draw_most_changed(compared)
        st.caption("Teal: better, more right predictions or fewer mistakes. Orange: worse.")


def _picker(compared: Compared) -> Pick:
    """A click on a cell that grew selects by the second's predictions, on one that shrank by the first's."""

    def picked(label: int | None, predicted: int | None) -> None:
        if label is not None and label == predicted:
            better = compared.matrices.difference.cell(label, label) > 0
            comparisons.choose(compared, "fixed" if better else "broken", label, None, None)
            return
        grew = label is None or predicted is None or compared.matrices.difference.cell(label, predicted) > 0
        said = (None, predicted) if grew else (predicted, None)
        comparisons.choose(compared, ALL, label, *said)

    return picked


def _draw_one(
    compared: Compared,
    whole: ConfusionMatrix,
    view: matrix_view.MatrixView,
    selected: tuple[int | None, int | None],
    *,
    key: str,
) -> None:
    def picked(label: int | None, predicted: int | None) -> None:
        said = (predicted, None) if key == "matrix_first" else (None, predicted)
        comparisons.choose(compared, ALL, label, *said)

    matrix.draw(
        Grid(
            view,
            compared.pair.class_names,
            "Confusion matrix, rows true, columns predicted",
            "Click a cell, a row or a column to see its samples",
            whole.of_label,
            whole.of_prediction,
            width="half",
        ),
        selected,
        picked,
        key=key,
    )


def _draw_most_changed(compared: Compared) -> None:
    """The mistakes that grew or shrank most, to click."""
    names = compared.pair.class_names
    pairs = most_counted(compared.matrices.difference, _PAIRS)
    if not pairs:
        return
    before, after = compared.matrices.first, compared.matrices.second
    items = [
        lines.Line(
            id=f"{pair.label} {pair.predicted}",
            text=f"{names[pair.label]} as {names[pair.predicted]}",
            count=pair.count,
            written=" → ".join(f"{each.cell(pair.label, pair.predicted):,}" for each in (before, after)),
            good=pair.count < 0,
        )
        for pair in pairs
    ]
    pick = _picker(compared)

    def picked(name: str) -> None:
        label, predicted = map(int, name.split())
        pick(label, predicted)

    lines.draw(
        items,
        label="Mistakes that changed most: true as predicted, before → after",
        key="changed",
        on_pick=picked,
    )
