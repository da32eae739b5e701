"""All samples as points, close where the network sees them as alike; beside them a gallery of an area."""

from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.evaluation.feature_space.areas import area_of
from core.evaluation.selection import sample_at
from core.mistakes.feature_space import data_map
from core.mistakes.feature_space.data_map import DataMap
from core.mistakes.results import Results
from core.predictions import sample_features
from pages._ui import words
from pages._ui.kit.evaluations import evaluating
from pages._ui.kit.samples import gallery
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import average, exports, sample_view
from pages._ui.mistakes.data_map import figure
from pages._ui.mistakes.data_map.figure import Drawn
from pages._ui.mistakes.state import maps
from pages._ui.session import values
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_CHART, _COLOUR = "data_map", "colour"


def draw(results: Results, pictures: Pictures, opened: str | None) -> None:
    """Draw the samples of the chosen area, and beside them the map, their average map, or the open one."""
    drawn = maps.map_of(results)
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


def _draw_map(results: Results, drawn: DataMap, head: DeltaGenerator) -> None:
    few = len(drawn.points) <= figure.MOST_POINTS
    shown = _points(results, drawn, head) if few else figure.of_density(drawn.points)
    if area := choices.area():
        figure.add_area(shown.figure, area)
    st.plotly_chart(
        shown.figure,
        key=_CHART,
        config=figure.CONFIG,
        on_select=partial(_select, results, shown),
        selection_mode=("points", "box", "lasso"),
        alt="Map of the data: each point is a sample",
    )
    st.caption(
        "Draw around points to see their samples, or click one. Points are close where the network sees "
        f"samples as alike: these are the two main directions of its features, with "
        f"{words.percent(drawn.share)} of their variance."
    )


def _points(results: Results, drawn: DataMap, head: DeltaGenerator) -> Drawn:
    """The points in the colours that are chosen."""
    known = maps.properties(results)
    names = data_map.colourings(known)
    chosen = head.selectbox(
        "Colour by", names, key=_COLOUR, bind="query-params", persist_state="session",
        format_func=lambda name: words.readable(name.replace("_", " ").capitalize()),
        label_visibility="collapsed", width=200,
    )  # fmt: skip
    colouring = data_map.colouring(results, known, values.choice(chosen, names))
    return figure.of_points(drawn.points, colouring, data_map.outcomes(results))


def _select(results: Results, shown: Drawn) -> None:
    """Limit the gallery to the area that was drawn, or open the sample that was clicked."""
    outline = values.drawn_outline(_CHART)
    if outline is not None:
        choices.choose_area(area_of(*outline))
        return
    point = values.clicked_point(_CHART, [len(rows) for rows in shown.rows])
    if point is not None:
        trace, place = point
        choices.open_sample(sample_at(results.table, int(shown.rows[trace][place])).sample_id)
