"""Widgets that say which class of a photo to explain, against which other class, and at which layer."""

from collections.abc import Sequence

import streamlit as st

from core.explain.network.layers import Layer
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.pickers import method_picker
from pages._ui.session.address import links
from pages._ui.session.checkpoints import advice
from pages._ui.session.question import question_keys


def class_to_explain(class_names: Sequence[str], predicted: str, checkpoint: str) -> int | None:
    """The class chosen by name, or None for the predicted one, whichever that is; in the address."""
    key = question_keys.class_key(checkpoint)
    links.recall(key, links.CLASS, class_names)
    name = st.selectbox(
        "Class",
        class_names,
        index=None,
        placeholder=f"{predicted} (predicted)",
        filter_mode=options.search_in(class_names),
        key=key,
        help="The class to explain. Type to search. Clear it to explain the predicted class.",
    )
    links.write(links.CLASS, name)
    return None if name is None else list(class_names).index(name)


def rival_class(class_names: Sequence[str], checkpoint: str) -> int | None:
    """The class to compare with, or None; in the address."""
    key = question_keys.rival_key(checkpoint)
    links.recall(key, links.AGAINST, class_names)
    name = st.selectbox(
        "Rather than",
        class_names,
        index=None,
        placeholder="no other class",
        filter_mode=options.search_in(class_names),
        key=key,
        help="Why the first class and not this one? The map explains the difference of their logits.",
    )
    links.write(links.AGAINST, name)
    return None if name is None else list(class_names).index(name)


def target_layer(layers: Sequence[Layer], checkpoint: str, method: str) -> str:
    """A layer by name, from the last to the first; in the address.

    At first it is the one where the method did best in the tests of this network, or else the last
    convolutional one. Layers where it is like noise are marked; those that the logits do not depend on are
    not offered.
    """
    labels = {layer.name: layer.label for layer in reversed(layers) if not layer.is_dead_end}
    names, key = list(labels), question_keys.layer_key(checkpoint)
    usual = advice.usual_layer(checkpoint, method, layers)
    links.recall(key, links.LAYER, names, usual)
    label = words.plain(labels[question_keys.chosen_layer(checkpoint) or usual])
    chosen: str = st.selectbox(
        "Layer",
        names,
        format_func=lambda name: method_picker.marked(labels[name], checkpoint, method, name),
        key=key,
        # The name may be longer than the picker shows.
        help=f"**{label}**: channels × rows × columns. Late layers show what an object is, early layers "
        "exactly where it is.",
    )
    links.write(links.LAYER, None if chosen == usual else chosen)
    return chosen
