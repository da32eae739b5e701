"""From a cell of the confusion matrix to its samples: the matrix or a sample, and the gallery beside it."""

from functools import partial

import streamlit as st

from core.arrays import IntArray
from core.evaluation import matrix_view
from core.evaluation.confusion import most_counted
from core.evaluation.matrix_view import MatrixView
from core.mistakes.results import Results
from pages._ui.kit import options
from pages._ui.kit.components import lines, matrix
from pages._ui.kit.components.matrix import MOST_CLASSES, Grid, Pick
from pages._ui.kit.pickers import class_pickers
from pages._ui.kit.samples import gallery
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import average, exports, sample_view
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_FEW, _MOST_CHOSEN = 12, 30
_PAIRS = 25
_NUMBERS = {
    matrix_view.COUNTS: "Counts",
    matrix_view.BY_LABEL: "% of true",
    matrix_view.BY_PREDICTION: "% of predicted",
}
_ORDERS = {"given": "as given", "support": "largest first", "confused": "most confused first"}


def draw(results: Results, pictures: Pictures, opened: str | None) -> None:
    """Draw the samples that are selected, and beside them the matrix, their average map, or the open one."""
    with st.container(key="mistakes"):
        left, right = st.columns([11, 9], gap="large")
    with right:
        # One place in either case: a gallery that moves would be a new one, without the focus.
        above = st.container(key="above_gallery")
        selection, tools = gallery.pick_folded(results) if opened else gallery.pick(results, above)
        with tools:
            exports.draw(results, selection, pictures)
        gallery.draw(results, selection, pictures, opened)
    with left:
        if opened:
            sample_view.draw(results, selection, pictures, opened, above)
        else:
            _draw_overview(results, selection, pictures)


def _draw_overview(results: Results, selection: Selection, pictures: Pictures) -> None:
    """All samples at a glance: the matrix or, on request, the average map of the selected ones."""
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    wanted = average.is_wanted(selection, pictures, head, "Confusion matrix")
    if wanted:
        average.draw(results, selection, pictures)
    else:
        with head.popover("Settings", icon=":material/tune:", key="matrix_settings"):
            shown, numbers, hide_diagonal = _settings(results, selection)
        _draw_matrix(results, selection, shown, numbers, hide_diagonal=hide_diagonal)


def _settings(results: Results, selection: Selection) -> tuple[IntArray, str, bool]:
    """The classes in the matrix, what its cells show, and whether the diagonal is hidden."""
    whole = results.metrics.confusion_matrix
    numbers = options.segmented("Cells show", _NUMBERS, key="cells")
    order = options.segmented("Classes", _ORDERS, key="classes")
    hide = st.toggle(
        "Hide the diagonal", key="nodiag", bind="query-params", persist_state="session",
        help="The diagonal holds the right predictions; without it, only mistakes are left.",
    )  # fmt: skip
    if whole.num_classes > MOST_CLASSES:
        shown = matrix_view.chosen(whole, order, _chosen_classes(results, selection.cell))
    else:
        shown = matrix_view.ordered(whole, order)
    return shown, numbers, bool(hide)


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


def _draw_matrix(
    results: Results, selection: Selection, shown: IntArray, numbers: str, *, hide_diagonal: bool
) -> None:
    whole = results.metrics.confusion_matrix
    pick = partial(gallery.choose_cell, results.class_names)
    view = matrix_view.view(whole, shown, numbers)
    if whole.num_classes > MOST_CLASSES:
        _draw_pairs(results, selection.cell, pick)
    matrix.draw(
        Grid(
            view,
            results.class_names,
            "Confusion matrix, rows true, columns predicted",
            "Click a cell, a row or a column to see its samples",
            of_label=whole.of_label,
            of_prediction=whole.of_prediction,
            hide_diagonal=hide_diagonal,
        ),
        selection.cell,
        pick,
        key="matrix",
    )
    if len(shown) < whole.num_classes:
        _say_what_is_outside(results, view)


def _draw_pairs(results: Results, selected: tuple[int | None, int | None], on_pick: Pick) -> None:
    """The most frequent mistakes, to click."""
    names = results.class_names
    items = [
        lines.Line(
            id=f"{pair.label} {pair.predicted}",
            text=f"{names[pair.label]} → {names[pair.predicted]}",
            count=pair.count,
            selected=(pair.label, pair.predicted) == selected,
        )
        for pair in most_counted(results.metrics.confusion_matrix, _PAIRS)
    ]

    def picked(name: str) -> None:
        label, predicted = map(int, name.split())
        on_pick(label, predicted)

    lines.draw(
        items, label="Most frequent mistakes: true → predicted", key="pairs", on_pick=picked, most="8rem"
    )


def _say_what_is_outside(results: Results, view: MatrixView) -> None:
    outside = results.metrics.num_mistakes - view.num_mistakes
    st.caption(
        f"{len(view.class_idx)} of {len(results.class_names):,} classes, chosen in Settings; "
        f"{outside:,} mistakes are outside these classes."
    )
