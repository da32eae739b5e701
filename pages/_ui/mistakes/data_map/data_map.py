"""All samples as points, close where the network sees them as alike; beside them a gallery of an area."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.arrays import IntArray
from core.evaluation.feature_space import umap_plane
from core.evaluation.metrics import column
from core.evaluation.selection import sample_at
from core.mistakes.feature_space import data_map, density
from core.mistakes.feature_space.data_map import DataMap
from core.mistakes.results import Results
from core.predictions import sample_features
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.components import scatter
from pages._ui.kit.components.scatter import Points
from pages._ui.kit.evaluations import evaluating
from pages._ui.kit.samples import gallery
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import average, exports, objects, sample_view
from pages._ui.mistakes.data_map import colours
from pages._ui.mistakes.state import maps
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_MAPS = {"main": "Main directions", "umap": "UMAP"}


def draw(results: Results, pictures: Pictures, opened: str | None) -> None:
    """Draw the samples of the chosen area, and beside them the map, their average map, or the open one."""
    drawn = _chosen_map(results)
    if drawn is None:
        evaluating.draw_again(results.evaluation, sample_features.missing(results.evaluation))
        return
    with st.container(key="mistakes"):
        left, right = st.columns([11, 9], gap="large")
    with right:
        above = st.container(key="above_gallery")
        selection, tools = gallery.pick_folded(results) if opened else gallery.pick(results, above)
        selection = _within_area(selection, drawn)
        with tools:
            exports.draw(results, selection, pictures)
            _draw_area()
        gallery.draw(results, selection, pictures, opened)
    with left:
        if opened:
            sample_view.draw(results, selection, pictures, opened, above)
        else:
            _draw_overview(results, selection, pictures, drawn)


def _chosen_map(results: Results) -> DataMap | None:
    """The map by main directions, or by UMAP where that can be chosen; None without features."""
    if data_map.has_umap(results):
        by = options.segmented(
            "Map by", _MAPS, key="map_by", label_visibility="collapsed",
            on_change=partial(choices.choose_area, None),
        )  # fmt: skip
        if by == "umap":
            return maps.umap_of(results)
    return maps.map_of(results)


def _within_area(selection: Selection, drawn: DataMap) -> Selection:
    """The samples that are selected and in the area of the address, if there is one."""
    area = choices.area()
    if area is None:
        return selection
    inside = area.contains(drawn.points)[selection.rows]
    return replace(selection, rows=selection.rows[inside], title=f"{selection.title} in the area")


def _draw_area() -> None:
    """A button that takes the area back, if there is one."""
    if choices.area() is not None:
        st.button(
            "Area", icon=":material/close:", key="clear_area", help="Show samples of the whole map again",
            on_click=choices.choose_area, args=(None,),
        )  # fmt: skip


def _draw_overview(results: Results, selection: Selection, pictures: Pictures, drawn: DataMap) -> None:
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    if average.is_wanted(selection, pictures, head, "Map of the data"):
        average.draw(results, selection, pictures)
    else:
        _draw_map(results, drawn, head)
        objects.draw(results, pictures)


def _draw_map(results: Results, drawn: DataMap, head: DeltaGenerator) -> None:
    colouring = colours.pick(results, head)
    names = [words.readable(words.shortened(name)) for name in results.class_names]
    label, predicted = column(results.table, "label"), column(results.table, "predicted")
    if len(drawn.points) > density.MOST_POINTS:
        cells = density.cells(drawn.points, colouring)
        rows, coloured = cells.rows, colours.of_cells(cells, colouring)
        points = Points(cells.centres, label[rows], predicted[rows], names, cells.counts, density.SIDE)
    else:
        rows, coloured = np.arange(len(label)), colours.of_samples(colouring)
        points = Points(drawn.points, label, predicted, names)
    scatter.draw(
        points, coloured, choices.area(), key="data_map",
        on_area=gallery.choose_area, on_pick=partial(_open, results, rows),
    )  # fmt: skip
    meaning = (
        "neighbours stay together, and distances between groups mean little."
        if drawn.share is None
        else "these are the two main directions of its features, with "
        f"{words.percent(drawn.share)} of their variance."
    )
    missing = "" if umap_plane.is_installed() else " Another map, UMAP, needs the package umap-learn."
    st.caption(f"Points are close where the network sees samples as alike: {meaning}{missing}")


def _open(results: Results, rows: IntArray, place: int) -> None:
    choices.open_sample(sample_at(results.table, int(rows[place])).sample_id)
