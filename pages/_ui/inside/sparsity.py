"""The view Sparsity: the share of zeros of each rectified layer, by depth."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.inside.channels.inspection import Sparsity
from pages._ui import words
from pages._ui.inside import toolbar
from pages._ui.inside.state import choices, inspections
from pages._ui.inside.state.inspections import Look
from pages._ui.inside.view import OpenView
from pages._ui.kit.components import depth
from pages._ui.kit.components.depth import Point


def draw(look: Look, bar: DeltaGenerator) -> OpenView:
    """Draw the share of zeros by depth; a click on a point opens that layer's channels."""
    choices.hide_channel()
    with bar:
        layer = toolbar.pick_layer(look)
    st.markdown(
        "## Sparsity by depth",
        help="A ReLU sets negative values to exactly 0. Late layers are often sparser: each of their "
        "channels responds to fewer things.",
        anchors=False,
    )
    rectified = inspections.sparsity(look)
    if not rectified:
        st.caption("No layer here sets values to exactly 0, as a ReLU does, so there is nothing to draw.")
        return OpenView(layer)

    depth.draw(
        [_point(each, layer) for each in rectified],
        label="Share of zeros of each rectified layer, in the order in which the layers run",
        key="sparsity",
        on_pick=choices.choose_layer,
    )
    return OpenView(layer)


def _point(each: Sparsity, chosen: str) -> Point:
    name = each.layer.name
    meaning = f"{name}: {words.percent(each.share_of_zeros)} zeros"
    return Point(name, each.share_of_zeros, meaning, name == chosen)
