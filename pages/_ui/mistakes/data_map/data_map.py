"""All samples as points, close where the network sees them as alike; beside them a gallery of an area."""

from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.drawing import render
from core.evaluation.metrics import column
from core.evaluation.selection import sample_at
from core.mistakes.feature_space import data_map
from core.mistakes.feature_space.data_map import Categories, DataMap
from core.mistakes.results import Results
from core.predictions import sample_features
from core.shares import three_digits
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.components import scatter
from pages._ui.kit.components.scatter import Colours, Points
from pages._ui.kit.evaluations import evaluating
from pages._ui.kit.samples import gallery
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import average, exports, objects, sample_view
from pages._ui.mistakes.state import maps
from pages._ui.session import values
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_COLOUR = "colour"
_MAPS = {"main": "Main directions", "umap": "UMAP"}
_RIGHT, _WRONG, _UNKNOWN = "#0f9488", "#e8590c", "#8794a3"
# Readable in the light and the dark theme.
_PALETTE = (
    "#0f9488", "#e8590c", "#6366f1", "#ca8a04", "#db2777",
    "#0284c7", "#65a30d", "#9333ea", "#b45309", "#22b8cf", _UNKNOWN,
)  # fmt: skip
_SCALE = [f"rgb({red},{green},{blue})" for red, green, blue in render.palette("viridis")[:255].tolist()]


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
    scatter.draw(
        Points(
            drawn.points,
            column(results.table, "label"),
            column(results.table, "predicted"),
            [words.readable(words.shortened(name)) for name in results.class_names],
        ),
        _colours(results, head),
        choices.area(),
        key="data_map",
        on_area=gallery.choose_area,
        on_pick=partial(_open, results),
    )
    meaning = (
        "neighbours stay together, and distances between groups mean little."
        if drawn.share is None
        else "these are the two main directions of its features, with "
        f"{words.percent(drawn.share)} of their variance."
    )
    st.caption(f"Points are close where the network sees samples as alike: {meaning}")


def _colours(results: Results, head: DeltaGenerator) -> Colours:
    """The colours of the points, by what is chosen."""
    known = maps.properties(results)
    names = data_map.colourings(known)
    chosen = head.selectbox(
        "Colour by", names, key=_COLOUR, bind="query-params", persist_state="session",
        format_func=lambda name: words.readable(name.replace("_", " ").capitalize()),
        label_visibility="collapsed", width=200,
    )  # fmt: skip
    colouring = data_map.colouring(results, known, values.choice(chosen, names))
    if isinstance(colouring, Categories):
        own = {"right": _RIGHT, "wrong": _WRONG, data_map.OTHERS: _UNKNOWN}
        palette = [own.get(name, colour) for name, colour in zip(colouring.names, _PALETTE, strict=False)]
        return Colours(
            palette, colouring.idx, [words.readable(words.shortened(name)) for name in colouring.names]
        )
    return Colours(
        [*_SCALE, _UNKNOWN],
        colouring.shades,
        low=three_digits(colouring.low),
        high=three_digits(colouring.high),
    )


def _open(results: Results, row: int) -> None:
    choices.open_sample(sample_at(results.table, row).sample_id)
