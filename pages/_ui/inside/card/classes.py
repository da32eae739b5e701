"""The classes for which the head gives a channel the largest and the smallest weights."""

import html

import streamlit as st

from core.inside.channels.class_weights import ClassWeight
from pages._ui import words
from pages._ui.inside.layer import ShownLayer
from pages._ui.inside.state import cards


def draw(shown: ShownLayer, channel: int) -> None:
    """Draw the classes with their weights, or say why there are none."""
    weights = cards.spoken_for(shown.look.loaded, shown.name, channel)
    if weights is None:
        st.caption(
            "The head does not read this layer, so its channels have no class weights. Sort by class to "
            "rank them; the last stage has class weights if the head is linear."
        )
        return
    names = shown.look.class_names
    most = "".join(_row(names, each, "for") for each in weights.most)
    least = "".join(_row(names, each, "against") for each in weights.least)
    st.html(f'<div class="seewhy-classes">{most}{"<hr>" if least else ""}{least}</div>')


def _row(names: list[str], each: ClassWeight, kind: str) -> str:
    name, weight = html.escape(names[each.class_idx]), words.signed(each.weight)
    return f'<span class="{kind}">{name}</span><b class="{kind}">{weight}</b>'
