"""The pickers of Inside: the view, and what each view is about."""

import streamlit as st

from core.explain.network.layers import stages
from pages._ui.inside.state import choices, inspections
from pages._ui.inside.state.inspections import Look
from pages._ui.inside.tiles.kinds import KINDS
from pages._ui.kit.options import search_in, segmented

# Their own labels, because an address has the label.
_VIEWS = {name: name for name in choices.VIEWS}
_KINDS = {name: name for name in KINDS}
_ORDERS = ("strength", "class", "index")


def pick_view() -> str:
    """Draw a picker of the view, one of `choices.VIEWS`."""
    return segmented("View", _VIEWS, key=choices.VIEW)


def pick_layer(look: Look) -> str:
    """Draw a picker of any layer, in the order in which they run; at first the first stage."""
    names, first = _layers(look)
    choices.keep_if_known(choices.LAYER, names, first)
    chosen: str = st.selectbox(
        "Layer",
        names,
        # The same in every run: it is what the browser's Back shows where the address says nothing.
        index=names.index(first),
        key=choices.LAYER,
        bind="query-params",
        persist_state="session",
        on_change=choices.start_again,
        width=190,
        help="All layers, by their names in the network, in the order in which they run. Type to search.",
    )
    return chosen


def pick_class(look: Look, layer: str) -> int | None:
    """Draw a picker of a class; None is the predicted one."""
    names = look.class_names
    choices.keep_if_known(choices.CLASS, names, None)
    predicted = names[inspections.inspect(look, layer).class_idx]
    name = st.selectbox(
        "Class",
        names,
        index=None,
        placeholder=f"{predicted} (predicted)",
        filter_mode=search_in(names),
        key=choices.CLASS,
        bind="query-params",
        persist_state="session",
        on_change=choices.to_first_part,
        width=220,
        help="The class whose logit is explained. Type to search. Clear it to follow the prediction.",
    )
    return None if name is None else names.index(name)


def pick_order() -> str:
    """Draw a picker of what channels are sorted by, one of `Inspection.order`."""
    chosen: str = st.selectbox(
        "Sort by",
        _ORDERS,
        key=choices.ORDER,
        bind="query-params",
        persist_state="session",
        on_change=choices.to_first_part,
        width=130,
        help="Strength: the mean absolute activation. Class: the contribution to the class. Index: the "
        "order in the network.",
    )
    return chosen


def pick_tiles() -> str:
    """Draw a picker of what tiles show, one of `tiles.kinds`."""
    return segmented("Tiles show", _KINDS, key=choices.SHOW, label_visibility="collapsed")


def _layers(look: Look) -> tuple[list[str], str]:
    """The names of all layers, and of the first stage."""
    return [layer.name for layer in look.loaded.layers], stages(look.loaded.layers)[0].name
