"""The confusion matrix on the page: what it shows, and the cell, row or column that somebody picks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.arrays import IntArray
from core.evaluation import matrix_view
from core.evaluation.confusion import most_counted
from core.evaluation.matrix_view import MatrixView
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.components import lines, web
from pages._ui.kit.pickers import class_pickers
from pages._ui.session import choices, values

Pick = Callable[[int | None, int | None], None]

# More classes than that, and cells become too small to hit: then the matrix is of a chosen few.
MOST_CLASSES, _FEW = 43, 12
_MOST_CHOSEN = 30
_PAIRS = 25
_NUMBERS = {
    matrix_view.COUNTS: "Counts",
    matrix_view.BY_LABEL: "% of true",
    matrix_view.BY_PREDICTION: "% of predicted",
}
_ORDERS = {"given": "as given", "support": "largest first", "confused": "most confused first"}

_MATRIX = web.component("matrix")


def draw(results: Results, selected: tuple[int | None, int | None], on_pick: Pick) -> None:
    """Draw the matrix with its settings; ``on_pick`` hears the true and the predicted class, or None."""
    whole = results.metrics.confusion_matrix
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown("##### Confusion matrix", width="content")
        with st.popover("Settings", icon=":material/tune:", key="matrix_settings"):
            numbers, order, hide = _settings()
    if whole.num_classes > MOST_CLASSES:
        _draw_pairs(results, selected, on_pick)
        shown = matrix_view.chosen(whole, order, _chosen_classes(results, selected))
    else:
        shown = matrix_view.ordered(whole, order)
    view = matrix_view.view(whole, shown, numbers)
    _draw_grid(results, view, selected, on_pick, hide_diagonal=hide)
    if len(shown) < whole.num_classes:
        missed = results.metrics.num_mistakes - view.num_mistakes
        st.caption(f"{len(shown)} of {whole.num_classes:,} classes; {missed:,} mistakes lie outside of them.")


def _settings() -> tuple[str, str, bool]:
    numbers = options.segmented("Cells show", _NUMBERS, key="cells")
    order = options.segmented("Classes", _ORDERS, key="classes")
    hide = st.toggle(
        "Hide the diagonal", key="nodiag", bind="query-params", persist_state="session",
        help="The diagonal is what was right; without it, only mistakes are left.",
    )  # fmt: skip
    return numbers, order, bool(hide)


def _chosen_classes(results: Results, selected: tuple[int | None, int | None]) -> list[int]:
    """The few classes of a large matrix: those chosen, else those of the most frequent mistakes."""
    usual = matrix_view.classes_of_most_confused(results.metrics.confusion_matrix, _FEW)
    picked = class_pickers.some(
        "Classes in the matrix",
        results.class_names,
        results.metrics.confusion_matrix,
        key=choices.FEW,
        placeholder=f"the {len(usual)} that are confused most often",
        most=_MOST_CHOSEN,
    )
    chosen = picked or usual
    return [*chosen, *(each for each in selected if each is not None and each not in chosen)]


def _draw_pairs(results: Results, selected: tuple[int | None, int | None], on_pick: Pick) -> None:
    """The most frequent mistakes, to click."""
    names = results.class_names
    pairs = most_counted(results.metrics.confusion_matrix, _PAIRS)
    items = [
        lines.Line(
            id=f"{pair.label} {pair.predicted}",
            text=f"{names[pair.label]} → {names[pair.predicted]}",
            count=pair.count,
            selected=(pair.label, pair.predicted) == selected,
        )
        for pair in pairs
    ]

    def picked(name: str) -> None:
        label, predicted = map(int, name.split())
        on_pick(label, predicted)

    lines.draw(items, label="Most confused: true → predicted", key="pairs", on_pick=picked)


def _draw_grid(
    results: Results,
    view: MatrixView,
    selected: tuple[int | None, int | None],
    on_pick: Pick,
    *,
    hide_diagonal: bool,
) -> None:
    whole = results.metrics.confusion_matrix
    grid(
        Grid(
            view,
            results.class_names,
            "Confusion matrix, rows true, columns predicted",
            "Click a cell, a row or a column to see its samples",
            of_label=whole.of_label,
            of_prediction=whole.of_prediction,
            hide_diagonal=hide_diagonal,
        ),
        selected,
        on_pick,
        key="matrix",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A matrix to draw, with the names (C,) of all classes, and what it is, in words.

    ``of_label`` and ``of_prediction`` (C,) count the samples of each; ``before`` has the counts (n, n) from
    which those of a change are counted, and a cell then reads ``5 → 2``.
    """

    view: MatrixView
    class_names: Sequence[str]
    label: str
    hint: str
    of_label: IntArray
    of_prediction: IntArray
    before: IntArray | None = None
    hide_diagonal: bool = False
    width: str = "whole"


def grid(shown: Grid, selected: tuple[int | None, int | None], on_pick: Pick, *, key: str) -> None:
    """Draw a matrix; ``on_pick`` hears the true and the predicted class of a click, None for a whole line."""
    view = shown.view
    class_idx = view.class_idx.tolist()

    def picked() -> None:
        cell = values.picked_cell(key, len(class_idx), len(class_idx))
        if cell is not None:
            row, column = cell
            on_pick(class_idx[row] if row >= 0 else None, class_idx[column] if column >= 0 else None)

    place = [class_idx.index(each) if each in class_idx else -1 for each in selected]
    _MATRIX(
        key=key,
        data={
            "names": [shown.class_names[each] for each in class_idx],
            "labels": [words.shortened(shown.class_names[each]) for each in class_idx],
            "counts": view.counts.tolist(),
            "text": view.text,
            "shade": view.shade.round(3).tolist(),
            "good": view.good.tolist(),
            "before": None if shown.before is None else shown.before.tolist(),
            "support": shown.of_label[class_idx].tolist(),
            "predicted": shown.of_prediction[class_idx].tolist(),
            "selected": place if place != [-1, -1] else [-2, -2],
            "hide_diagonal": shown.hide_diagonal,
            "half": shown.width == "half",
            "noun": "samples",
            "label": shown.label,
            "hint": shown.hint,
        },
        on_picked_change=picked,
    )
