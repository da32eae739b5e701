"""Where the samples of each class went on two data sets, and samples of both with their maps."""

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import streamlit as st

from core.arrays import IntArray
from core.errors import ImageError
from core.evaluation import matrix_view
from core.evaluation.comparing.two_data_sets import shift_table
from core.evaluation.selection import page_of, row_of, sample_at, selected
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.compare import one_sample
from pages._ui.compare.one_sample import Side
from pages._ui.compare.state import data_sets
from pages._ui.compare.state.data_sets import TwoDataSets
from pages._ui.kit.components import matrix, tile_box
from pages._ui.kit.components.matrix import MOST_CLASSES, Grid
from pages._ui.kit.samples import gallery, image_folder
from pages._ui.kit.samples.gallery import Selection
from pages._ui.session.data import image_access
from pages._ui.session.data.image_access import Pictures

Which = Literal["first", "second"]
_SIDES: tuple[Which, Which] = ("first", "second")
_TILES, _SIDE, _FEW = 24, 96, 12


def draw(both: TwoDataSets) -> None:
    """Draw the chosen samples of both data sets, and on each side the maps of one sample."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="shift_pickers")
    with row:
        selection, _ = gallery.pick(both.first, row)
    with st.container(key="compare_matrices"):
        columns = st.columns(2, gap="large")
    for column, results, which in zip(columns, (both.first, both.second), _SIDES, strict=True):
        with column:
            _draw_side(results, selection, which)


def _draw_side(results: Results, selection: Selection, which: Which) -> None:
    rows = selected(results.table, selection.wanted, selection.order)
    pictures = image_access.pictures(results.evaluation)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header(words.plain(results.evaluation.name), anchor=False, width="content")
        st.caption(
            f"**{words.plain(selection.title)}**: {words.counted(len(rows), 'sample')}", width="content"
        )
    if not len(rows) and selection.wanted.outcome == "wrong":
        st.caption("No mistakes here. These are right predictions, highest loss first.")
        rows = selected(results.table, replace(selection.wanted, outcome="right"), "top_losses")
    if not len(rows):
        st.info("No matching samples. Choose another class, or all.", icon=":material/search_off:")
        return
    wanted = data_sets.opened(which)
    row = None if wanted is None else row_of(results.table, wanted)
    _draw_sample(results, int(rows[0]) if row is None else row, pictures, which)
    _draw_tiles(results, rows, pictures, which)


def _draw_sample(results: Results, row: int, pictures: Pictures, which: Which) -> None:
    """One sample with its evidence for the predicted class and for the true class."""
    side = Side(results, sample_at(results.table, row), which)
    with st.container(border=True, key=f"shift_{which}"):
        st.markdown(f"**{words.plain(side.label)}** · {words.plain(side.sample.sample_id)}")
        one_sample.draw_prediction(side)
        try:
            photo = image_access.photo(pictures, side.sample)
        except ImageError:
            image_folder.ask(results.evaluation, pictures.reason)
        else:
            one_sample.draw_maps(side, photo)
        one_sample.draw_link(side)


def _draw_tiles(results: Results, rows: IntArray, pictures: Pictures, which: Which) -> None:
    samples = [sample_at(results.table, int(row)) for row in page_of(rows, 1, _TILES)]
    tile_box.draw(
        gallery.tiles_of(results, samples, pictures, data_sets.opened(which)),
        label=f"Samples of {results.evaluation.name}", key=f"shift_gallery_{which}", side=_SIDE,
        on_pick=partial(data_sets.open_sample, which),
    )  # fmt: skip
    if len(rows) > len(samples):
        st.caption(f"The first {len(samples)} of {len(rows):,}. See all of them on the page Mistakes.")


def draw_matrices(both: TwoDataSets) -> None:
    """Both confusion matrices, in shares of each true class because the data sets differ in size."""
    shown, results_of_both = _shown_classes(both), (both.first, both.second)
    views = matrix_view.shares_side_by_side(
        [each.metrics.confusion_matrix for each in results_of_both], shown
    )
    with st.container(key="compare_matrices"):
        columns = st.columns(2, gap="large")
    for column, results, which, view in zip(columns, results_of_both, _SIDES, views, strict=True):
        whole = results.metrics.confusion_matrix
        with column:
            st.markdown(f"## {words.plain(results.evaluation.name)}", anchors=False)
            matrix.draw(
                Grid(
                    view,
                    results.class_names,
                    "Confusion matrix, rows true, columns predicted",
                    "Click a cell, a row or a column to see its samples",
                    whole.of_label,
                    whole.of_prediction,
                    width="half",
                ),
                (None, None),
                partial(_pick, both),
                key=f"shift_matrix_{which}",
            )
    st.caption(
        "Each cell: percent of the samples of its true class. Both matrices use the same colours."
        + (
            f" The {len(shown)} classes whose recall fell most."
            if len(shown) < len(both.first.class_names)
            else ""
        )
    )


def _pick(both: TwoDataSets, label: int | None, predicted: int | None) -> None:
    gallery.choose_cell(both.first.class_names, label, predicted)
    data_sets.show_samples()


def _shown_classes(both: TwoDataSets) -> IntArray:
    """All classes; if there are too many, those whose recall fell most."""
    if len(both.first.class_names) <= MOST_CLASSES:
        return np.arange(len(both.first.class_names))
    fell = shift_table(both.shift.classes, both.first.class_names)["class_idx"]
    return np.array(fell[:_FEW], np.int64)
